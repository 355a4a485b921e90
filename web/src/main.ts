import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { language } from './i18n';

// Screen readers choose their voice by it.
document.documentElement.lang = language;

const target = document.getElementById('app');
if (target) mount(App, { target });

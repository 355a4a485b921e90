import { defineConfig } from 'vite';

// The call button is one classic script of its own: other sites load it by one fixed address.
export default defineConfig({
  build: {
    emptyOutDir: false,
    copyPublicDir: false,
    target: 'es2022',
    lib: { entry: 'src/widget.ts', formats: ['iife'], name: 'warmline', fileName: () => 'widget.js' },
  },
});

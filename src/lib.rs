//! Warmline: the voicebot telephony gateway that hands people over properly.

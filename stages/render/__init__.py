"""The dry loops: composed here and played through a SoundFont, or cut from recordings."""

"""The cached network inputs: spectrograms and waveforms of every dry and compressed clip."""

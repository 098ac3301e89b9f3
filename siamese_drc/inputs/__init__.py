"""Network inputs: spectrograms, waveforms and gain profiles of dry and compressed clips."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cache": ["write_inputs"],
        "changes": ["changed", "delayed"],
        "gain": ["GainBank", "GainProfiler", "find_delays", "profile_of_no_gain"],
        "spectrogram": ["input_shape", "represent"],
    },
)

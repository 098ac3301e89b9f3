"""All benchmarks of single steps, one table each: `python -m benchmarks`.

`python -m benchmarks.paper_scale` runs full-size stages and is not among them: it takes minutes
and some 30 GB of disk.
"""

from benchmarks import compress, spectrogram, training_step

if __name__ == "__main__":
    for title, run in (
        ("Compressor", compress.main),
        ("Spectrogram", spectrogram.main),
        ("Training step", lambda: training_step.main(["laptop", "paper"])),
    ):
        print(f"\n## {title}\n", flush=True)
        run()

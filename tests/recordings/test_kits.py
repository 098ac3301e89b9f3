"""Kits as Hydrogen writes them, old and new, made from constant sounds."""

import numpy as np
import pytest
import soundfile

from recordings.debian.kits import read_kit

NEW = """<?xml version="1.0" encoding="UTF-8"?>
<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit">
 <name>new</name>
 <instrumentList>
  <instrument>
   <id>3</id><name>Snare</name><volume>0.5</volume>
   <layer><filename>soft.wav</filename><min>0</min><max>0.4</max><gain>2</gain></layer>
   <layer><filename>hard.wav</filename><min>0.4</min><max>0.9</max><gain>1</gain></layer>
  </instrument>
  <instrument><id>4</id><name>empty</name><volume>1</volume></instrument>
 </instrumentList>
</drumkit_info>
"""
OLD = """<drumkit_info>
 <instrumentList>
  <instrument>
   <id>0</id><filename>hard.wav</filename><name>Kick</name><volume>0.8</volume>
  </instrument>
 </instrumentList>
</drumkit_info>
"""


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "soft.wav", np.full((100, 2), [0.1, 0.2]), 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "hard.wav", np.full(60, 0.5), 44100, subtype="FLOAT")
    return tmp_path


def test_the_layer_follows_the_velocity(folder):
    (folder / "drumkit.xml").write_text(NEW)
    kit = read_kit(folder)
    assert list(kit) == [3]
    assert kit[3].name == "Snare"
    soft = kit[3].strike(0.25, 44100)
    np.testing.assert_allclose(soft, np.full((100, 2), [0.025, 0.05]), rtol=1e-6)  # 0.5 * 2 * 0.25
    hard = kit[3].strike(0.8, 44100)
    np.testing.assert_allclose(hard, np.full((60, 2), 0.2), rtol=1e-6)  # mono goes to both sides


def test_a_velocity_that_no_layer_names_takes_the_nearest(folder):
    (folder / "drumkit.xml").write_text(NEW)
    assert len(read_kit(folder)[3].strike(1.0, 44100)) == 60


def test_an_old_kit_names_one_file_per_instrument(folder):
    (folder / "drumkit.xml").write_text(OLD)
    kick = read_kit(folder)[0].strike(0.5, 44100)
    np.testing.assert_allclose(kick, np.full((60, 2), 0.2), rtol=1e-6)


def test_a_hit_is_resampled(folder):
    (folder / "drumkit.xml").write_text(OLD)
    assert len(read_kit(folder)[0].strike(0.5, 22050)) == 30

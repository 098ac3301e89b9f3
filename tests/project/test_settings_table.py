from pathlib import Path

import pytest

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from stages.project.files import CLIP_COLUMNS, read_closed_form, read_loops, read_settings


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """Where the table lies."""
    monkeypatch.chdir(tmp_path)
    Path("data/settings").mkdir(parents=True)
    return Path("data/settings/drum.csv")


def test_the_table_is_read_and_checked(path):
    with pytest.raises(InputError, match=r"drum\.csv: missing"):
        read_settings("drum")
    path.write_text("grid,loop\nds1,0\n")
    with pytest.raises(InputError, match="its columns are"):
        read_settings("drum")
    path.write_text(",".join(CLIP_COLUMNS) + "\nds1,0,007,0,-2.0,2.0,5.0,200.0,0.4,False\n")
    row = read_settings("drum").iloc[0]
    assert row["group"] == "007"
    assert row["threshold_db"] == -2.0
    assert not row["identifiable"]


ROW = "{grid},{loop},a,{position},-2.0,2.0,5.0,200.0,0.4,False\n"
ROWS = [
    ROW.format(grid=grid, loop=loop, position=position)
    for grid in ("ds1", "ds2")
    for loop in range(3)
    for position in range(2)
]


@pytest.mark.parametrize("gone", [range(1), range(2), range(3, 4), range(4, 6), range(11, 12)])
def test_missing_rows_are_noticed(path, gone):
    header = ",".join(CLIP_COLUMNS) + "\n"
    path.write_text(header + "".join(ROWS))
    assert len(read_settings("drum")) == 12
    path.write_text(header + "".join(row for i, row in enumerate(ROWS) if i not in gone))
    with pytest.raises(InputError, match=r"drum\.csv: is damaged"):
        read_settings("drum")


@pytest.mark.parametrize("characters", [3, 10, 25])
def test_a_cut_row_is_noticed(path, characters):
    text = ",".join(CLIP_COLUMNS) + "\n" + "".join(ROWS)
    path.write_text(text[:-characters])
    with pytest.raises(InputError, match=r"drum\.csv: is damaged"):
        read_settings("drum")


def test_rows_are_as_many_as_the_audio_has(path):
    """Also where the last loops are gone, so that the rest looks whole."""
    for number in range(3):
        audio = Path(f"data/compressed/drum/ds1/{number:03d}.flac")
        audio.parent.mkdir(parents=True, exist_ok=True)
        audio.touch()
    header = ",".join(CLIP_COLUMNS) + "\n"
    path.write_text(header + "".join(ROWS[:6]))
    assert len(read_settings("drum")) == 6
    path.write_text(header + "".join(ROWS[:4]))
    with pytest.raises(InputError, match="is damaged"):
        read_settings("drum")


@pytest.mark.parametrize("text", ["loop,group\n0,a\n", "loop,group\n0,a\n1,", "loop\n", ""])
def test_the_table_of_loops_names_all_loops(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    folder = Path("data/loops/drum")
    folder.mkdir(parents=True)
    for number in range(2):
        (folder / f"{number:03d}.wav").touch()
    (folder / "loops.csv").write_text("loop,group\n0,a\n1,b\n")
    assert len(read_loops("drum")) == 2
    (folder / "loops.csv").write_text(text)
    with pytest.raises(InputError, match=r"data/loops/drum/loops\.csv"):
        read_loops("drum")


def test_closed_form_estimates_are_of_every_row_of_the_settings(path):
    path.write_text(",".join(CLIP_COLUMNS) + "\n" + "".join(ROWS))
    with pytest.raises(InputError, match=r"closed_form/drum\.csv: missing"):
        read_closed_form("drum", "ds2")
    estimates = Path("data/closed_form/drum.csv")
    estimates.parent.mkdir()
    header, row = f"{','.join(PARAMETERS)},solved\n", "-2.0,2.0,5.0,200.0,{}\n"
    rows = [row.format(number < 7) for number in range(12)]
    estimates.write_text(header + "".join(rows))
    assert read_closed_form("drum", "ds2")["solved"].tolist() == [True] + [False] * 5
    estimates.write_text(header + "".join(rows[:-1]))
    with pytest.raises(InputError, match=r"drum\.csv: has 11 rows, must have 12"):
        read_closed_form("drum", "ds2")
    estimates.write_text(header + "".join(rows).replace("5.0", "", 1))
    with pytest.raises(InputError, match=r"drum\.csv: lacks a value"):
        read_closed_form("drum", "ds2")

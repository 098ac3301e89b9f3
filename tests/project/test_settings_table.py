import pytest

from siamese_drc.core.errors import InputError
from stages.project.settings_table import COLUMNS, read_settings


def test_the_table_is_read_and_checked(tmp_path):
    with pytest.raises(InputError, match=r"python -m stages\.compress drum"):
        read_settings("drum", folder=tmp_path)
    path = tmp_path / "drum.csv"
    path.write_text("grid,loop\nds1,0\n")
    with pytest.raises(InputError, match="its columns are"):
        read_settings("drum", folder=tmp_path)
    path.write_text(",".join(COLUMNS) + "\nds1,0,007,0,-2.0,2.0,5.0,200.0,0.4,False\n")
    row = read_settings("drum", folder=tmp_path).iloc[0]
    assert row["group"] == "007"
    assert row["threshold_db"] == -2.0
    assert not row["identifiable"]

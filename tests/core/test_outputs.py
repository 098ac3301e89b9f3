"""Outputs appear whole or not at all."""

import pytest

from siamese_drc.core.outputs import replaced


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "deep" / "name.txt"
    with replaced(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"


def test_a_failure_leaves_the_old_content_and_no_trace(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").write_text("old")

    def fail():
        with replaced(target) as temporary:
            temporary.mkdir()
            (temporary / "new").write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]


def test_a_folder_is_replaced_not_merged(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "orphan").write_text("old")
    with replaced(target) as temporary:
        temporary.mkdir()
        (temporary / "new").write_text("new")
    assert [path.name for path in target.iterdir()] == ["new"]

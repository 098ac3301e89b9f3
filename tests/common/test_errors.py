"""What a user did wrong is one line and exit code 2; what we did wrong keeps its traceback."""

import pytest

from stages.common.errors import InputError, run_stage


def test_an_input_error_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["stage", "drum"])

    def main(arguments):
        raise InputError(f"no corpus named {arguments[0]!r}")

    with pytest.raises(SystemExit) as ended:
        run_stage(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: no corpus named 'drum'\n"


def test_other_errors_pass():
    def main(arguments):
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="ours"):
        run_stage(main)

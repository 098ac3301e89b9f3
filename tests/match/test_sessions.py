"""A session keeps what it needs, and nothing after its end."""

from __future__ import annotations

from stages.match.page.sessions import Sessions


def test_a_page_has_one_session_and_others_have_theirs(tmp_path):
    sessions = Sessions(tmp_path)
    assert sessions.find("a") is sessions.find("a")
    assert sessions.find("a").folder != sessions.find("b").folder


def test_only_the_last_two_results_are_kept(tmp_path):
    session = Sessions(tmp_path).find("a")
    found = session.start_over()
    results = [session.folder_of_next_result() for _ in range(4)]
    assert [path.is_dir() for path in [found, *results]] == [True, False, False, True, True]
    again = session.start_over()
    assert list(session.folder.iterdir()) == [again]


def test_the_end_removes_results_and_uploads(tmp_path):
    sessions = Sessions(tmp_path / "sessions")
    upload = tmp_path / "upload.wav"
    upload.touch()
    session = sessions.find("a")
    session.uploads.add(upload)
    session.folder_of_next_result()
    sessions.end("a")
    sessions.end("unknown")
    assert not upload.exists()
    assert list((tmp_path / "sessions").iterdir()) == []

"""The evaluation counts what captions say, and its list is what it claims to be."""

import json
from pathlib import Path

import pytest

from benchmarks.eval.__main__ import main
from benchmarks.eval.photos import LISTED, Photo, gather, read
from benchmarks.eval.scoring import score
from services.captioner.provider import CaptionAnswer, FoundLabel
from tests.photos import REAL_PHOTOS

CAT = Photo("0", "cat.jpg", expected=frozenset({"cat", "animal"}), forbidden=frozenset({"orange"}))


def answer(concise: str, *labels: str) -> CaptionAnswer:
    found = tuple(FoundLabel(label, 0.9) for label in labels)
    return CaptionAnswer(concise, concise, concise, "en", "a-model", labels=found)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("Two cats on a mat", "right"),
        ("A kitten on a mat", "right"),
        ("A catalogue on a mat", "abstained"),
        ("A cat beside an orange", "false"),
        ("Oranges on a mat", "false"),
        ("A cat in orange tones", "right"),
        ("A mat", "abstained"),
    ],
)
def test_caption_is_judged_by_its_words(said: str, verdict: str) -> None:
    assert score(CAT, answer(said)).verdict == verdict


def test_the_shape_of_a_photo_is_no_landscape() -> None:
    hills = Photo("0", "hills.jpg", expected=frozenset({"landscape"}))

    assert score(hills, answer("A mostly blue photo in landscape format")).verdict == "abstained"


def test_a_label_that_is_not_expected_is_a_false_claim() -> None:
    scored = score(CAT, answer("A cat on a mat", "Cat", "Mat"))

    assert (scored.verdict, scored.claims) == ("false", ("mat",))


def test_listed_photos_are_as_many_and_as_hard_as_promised() -> None:
    photos = read(LISTED)

    assert len(photos) >= 40
    assert sum(photo.networks_wrong for photo in photos) >= 10
    assert len({photo.id for photo in photos}) == len({photo.sha256 for photo in photos})


def test_every_listed_photo_has_a_source_a_licence_and_both_kinds_of_claims() -> None:
    for photo in read(LISTED):
        assert photo.package
        assert photo.licence
        assert photo.expected
        assert photo.forbidden
        assert not photo.expected & photo.forbidden


def test_other_bytes_than_those_listed_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.eval.photos.CACHE", tmp_path / "cache")
    chelsea = next(photo for photo in read(LISTED) if photo.file.endswith("chelsea.png"))
    entry = {"id": "0", "package": chelsea.package, "file": chelsea.file, "sha256": "0" * 64}
    (tmp_path / "list.jsonl").write_text(json.dumps(entry))

    gathered = gather(str(tmp_path / "list.jsonl"), kinds=())

    assert gathered.absent == (chelsea.package,)
    assert not (tmp_path / "cache").exists()


def test_own_photos_are_captioned_and_summed_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cat.png").write_bytes(REAL_PHOTOS["chelsea"].read_bytes())
    entry = {"id": "0", "file": "cat.png", "expected": ["cat"], "forbidden": ["dog"]}
    (tmp_path / "list.jsonl").write_text(json.dumps(entry))

    status = main(["--photos", str(tmp_path / "list.jsonl"), "--dry", "--all"])

    told = capsys.readouterr().out
    assert status == 0
    assert "-> right" in told
    assert "unchanged 1" in told


def test_a_provider_without_settings_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CAPTIONER_SAGEMAKER_ENDPOINT", raising=False)

    assert main(["--provider", "sagemaker", "--photos", str(tmp_path)]) == 2
    assert "sagemaker" in capsys.readouterr().err

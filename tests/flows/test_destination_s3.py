"""A folder in an object store: moto's S3 server on loopback, spoken to by s3fs as in production."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import fsspec
import publications
import pytest
from doctor_findings import found_by_doctor
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from publications import answers, dids, poison, publication
from sqlalchemy import Engine

from flows.destinations import PublishError, Receipt, stores
from flows.ledger import claim, receive, record_outcomes
from flows.settings import FolderDestination
from flows.tasks.publishing import publish_owed

SERVER = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    try:
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for _ in range(200):
            try:
                urlopen(url, timeout=5).close()
                break
            except (URLError, ValueError):
                time.sleep(0.05)
        yield url
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "desk")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "pa55word")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    name = f"copy-{uuid.uuid4().hex[:8]}"
    fsspec.filesystem("s3").mkdir(name)
    yield name
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def folder(bucket: str, formats: Any = ("json", "text")) -> FolderDestination:
    return FolderDestination(kind="folder", name="far", path=f"s3://{bucket}/news", formats=formats)


def publish(bucket: str, *acts: Any, **options: Any) -> list[Receipt]:
    return publications.publish(folder(bucket, **options), Path("/nowhere"), *acts)


def content(bucket: str) -> dict[str, str]:
    files = fsspec.filesystem("s3")
    files.invalidate_cache()
    return {
        path.rpartition("/")[2]: files.cat_file(path).decode()
        for path in files.find(f"{bucket}/news")
        if "/.cleancopy/" not in path
    }


def test_a_story_is_written_updated_and_taken_down(bucket: str) -> None:
    [first] = publish(bucket, publication(1, headline="The ferry is back", text="One."))
    assert first.did == "wrote"
    assert all(where.startswith(f"s3://{bucket}/news/the-ferry-is-back-") for where in first.where)
    assert sorted(content(bucket)) == sorted(where.rpartition("/")[2] for where in first.where)
    [second] = publish(bucket, publication(2, headline="Corrected", text="Two."))
    assert second.where == first.where
    assert [text for name, text in content(bucket).items() if name.endswith(".txt")] == ["Two."]
    assert dids(publish(bucket, publication(3, "unpublish"), publication(2))) == ["removed", "newer"]
    assert content(bucket) == {}


def test_an_older_edition_is_not_written_over_a_newer(bucket: str) -> None:
    assert dids(publish(bucket, publication(2, text="New."), publication(1, text="Old."))) == [
        "wrote",
        "newer",
    ]
    assert [text for name, text in content(bucket).items() if name.endswith(".txt")] == ["New."]


def test_a_batch_is_written_together_and_a_poison_story_fails_alone(bucket: str) -> None:
    acts = [publication(story=f"desk:{number}", text=str(number)) for number in range(12)]
    acts[4] = poison("desk:4")
    found = answers(folder(bucket), Path("/nowhere"), acts)
    assert [isinstance(one, Receipt) for one in found] == [True] * 4 + [False] + [True] * 7
    assert len(content(bucket)) == 22


@pytest.mark.parametrize("writes", [1, 2])
def test_a_crash_between_the_card_and_the_files_is_mended_by_the_next_try(
    bucket: str, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    publish(bucket, publication(1, text="Old."), formats=("json", "text"))
    real, calls = stores.S3Store.write, []

    def crash(self: Any, files: Any) -> None:
        calls.append(files)
        if len(calls) == writes:
            raise KeyboardInterrupt
        real(self, files)

    monkeypatch.setattr(stores.S3Store, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        publish(bucket, publication(2, text="New."), formats=("text",))
    monkeypatch.setattr(stores.S3Store, "write", real)
    assert {text for name, text in content(bucket).items() if name.endswith(".txt")} == {"Old."}
    # The slow publisher of the old edition comes too late, once the new one has a card.
    assert dids(publish(bucket, publication(1, text="Old."))) == (["wrote"] if writes == 1 else ["newer"])
    [receipt] = publish(bucket, publication(2, text="New."), formats=("text",))
    assert content(bucket) == {receipt.where[0].rpartition("/")[2]: "New."}, (
        "the json file of before is known and gone"
    )


def test_of_two_publishers_at_the_same_moment_the_older_gives_way(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older has read the card, and the newer writes it before the older does."""
    publish(bucket, publication(1, text="One."), formats=("text",))
    real, calls = stores.S3Store.write, []

    def slow(self: Any, files: Any) -> None:
        calls.append(files)
        if len(calls) == 1:
            assert dids(publish(bucket, publication(3, text="Three."), formats=("text",))) == ["wrote"]
        real(self, files)

    monkeypatch.setattr(stores.S3Store, "write", slow)
    [older] = answers(folder(bucket, ("text",)), Path("/nowhere"), [publication(2, text="Two.")])
    assert isinstance(older, PublishError)
    assert "at the same moment" in str(older)
    assert list(content(bucket).values()) == ["Three."]
    assert dids(publish(bucket, publication(2, text="Two."), formats=("text",))) == ["newer"]


def test_a_bucket_that_does_not_exist_is_told_and_not_made(bucket: str) -> None:
    [answer] = answers(folder(f"{bucket}-mistyped"), Path("/nowhere"), [publication()])
    assert isinstance(answer, FileNotFoundError)
    assert f"{bucket}-mistyped" not in [one.rstrip("/") for one in fsspec.filesystem("s3").ls("")]


def test_doctor_reaches_the_bucket(bucket: str, tmp_path: Path) -> None:
    config = small_config(
        tmp_path,
        f"  far: {{kind: folder, path: 's3://{bucket}/news'}}\n  typo: {{kind: folder, path: 's3://{bucket}-typo/news'}}\n",
    )
    found = found_by_doctor(config, tmp_path)
    assert found["destination far"] == ("ok", f"s3://{bucket}/news answers")
    assert found["destination typo"][0] == "fail"
    assert "cannot be reached" in found["destination typo"][1]
    assert "pa55word" not in json.dumps(found)


def test_what_is_owed_goes_to_the_bucket(bucket: str, tmp_path: Path, ledger: Engine) -> None:
    settings = small_settings(tmp_path)
    small_config(
        settings.config_dir, f"  far: {{kind: folder, path: 's3://{bucket}/news', formats: [text]}}\n"
    )
    for moment, text in ((NOON, "One."), (later(60), "Two.")):
        receive(ledger, [arrival("ferry", text)], moment)
        rows = claim(ledger, "cleaner", now=moment)
        record_outcomes(ledger, "cleaner", [outcome_of(row) for row in rows], lambda *_: ("far",), moment)
        published = publish_owed(ledger, settings, "me", clock=lambda moment=moment: moment)  # type: ignore[misc]
        assert [one.did for one in published.made] == ["wrote"]
        assert list(content(bucket).values()) == [text]


@pytest.mark.parametrize(("url", "extra"), [("gs://bucket/news", "gs"), ("az://bucket/news", "az")])
def test_a_store_whose_package_is_not_installed_says_what_to_install(
    url: str, extra: str, tmp_path: Path
) -> None:
    with pytest.raises(PublishError, match=rf"pip install 'cleancopy\[{extra}\]'"):
        answers(FolderDestination(kind="folder", name="far", path=url), tmp_path, [publication()])
    found = found_by_doctor(small_config(tmp_path, f"  far: {{kind: folder, path: '{url}'}}\n"), tmp_path)
    assert f"cleancopy[{extra}]" in found["destination far"][1]

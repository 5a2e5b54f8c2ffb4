# SPDX-License-Identifier: MIT
"""The page of bio-serve in a real browser: a sequence goes in, its score and a coloured track come out."""

import re
import shutil
import subprocess

import pytest
from serving import Served, predicted, sequences

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def look(url, folder, *options):
    """What the page is like once its scripts have run."""
    done = subprocess.run([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000",
                           f"--user-data-dir={folder / 'browser'}", "--window-size=1000,900", *options, url],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_the_page_shows_the_score_and_a_track(program, model, tmp_path):
    letters = next(iter(sequences(41, 1, 120)))[1]
    (tmp_path / "n.fa").write_text(f">1\n{letters}\n")
    want = predicted(model, tmp_path / "n.fa")[0]
    with Served(program, model, tmp_path) as server:
        page = look(f"http://127.0.0.1:{server.port}/?sequence={letters}", tmp_path, "--dump-dom")
        assert f"class {want['class']}, probability {want['probability']!r}, score {want['score']!r}" in page
        spans = re.findall(r'<span title="(\d+): (-?[\d.e-]+)" style="background: rgb\((\d+), (\d+), (\d+)\)[^"]*">(.)</span>',
                           page)
        assert "".join(span[5] for span in spans) == letters
        shares = server.post("/explain", letters)["attribution"]
        for (_, shown, red, _, blue, _), share in zip(spans, shares):
            assert float(shown) == pytest.approx(share, rel=1e-3)
            assert (int(red) >= int(blue)) == (share >= 0) or red == blue
        assert {span[2:5] for span in spans} >= {("178", "24", "43")} or {span[2:5] for span in spans} >= {("33", "102", "172")}
        look(f"http://127.0.0.1:{server.port}/?sequence={letters}", tmp_path, f"--screenshot={tmp_path / 'page.png'}")
        assert (tmp_path / "page.png").stat().st_size > 10000
        bad = look(f"http://127.0.0.1:{server.port}/?sequence=AC!GT", tmp_path, "--dump-dom")
        assert 'id="error" role="alert">record 1' in bad.replace("sequence 1", "record 1")
    with Served(program, model, tmp_path, env={"BIO_SERVE_TOKEN": "secret"}) as server:
        page = look(f"http://127.0.0.1:{server.port}/?sequence={letters}", tmp_path, "--dump-dom")
        assert "the token is missing" in page and 'id="asks">' in page

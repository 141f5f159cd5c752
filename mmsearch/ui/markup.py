"""The few pieces of HTML that the app writes itself.

Names, captions and addresses come from strangers' files, so everything that is not a constant of this module
passes through `escape`, and only http and https addresses become links.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

from mmsearch.types import Credit, Hit, Item, Progress, RunReport, Skip, Text
from mmsearch.ui.jobs import JobState
from mmsearch.ui.strings import count, measure_name, say

SKIPS_SHOWN = 200  # rows; a folder of strange files may skip thousands


def file_address(path: Path) -> str:
    """Return where the page finds a file of the thumbnail folder, relative to the page."""
    return f"gradio_api/file={quote(path.as_posix())}"


def link(address: str | None, words: str) -> str:
    """Return `words` as a link that opens in a new tab, or bare if `address` is not http or https."""
    if not address or not _is_web(address):
        return escape(words)
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">{escape(words)}</a>'


def status(words: str, kind: str = "plain") -> str:
    """Return a line that screen readers announce; `kind` is plain, busy or problem."""
    return f'<p class="mm-status mm-{escape(kind)}" role="status" aria-live="polite">{escape(words)}</p>'


def text_list(rows: Sequence[tuple[Hit, Path | None]], language: str) -> str:
    """Return the text hits as a list of buttons that carry their position in `data-index`."""
    if not rows:
        return ""
    inner = "".join(_text_row(index, hit, picture) for index, (hit, picture) in enumerate(rows))
    return f'<h3>{escape(say(language, "found_texts"))}</h3><ol class="mm-texts">{inner}</ol>'


def details(hit: Hit, large: Path | None, language: str, *, measure: str, encoder: str) -> str:
    """Return everything that is known about a hit."""
    item = hit.item
    title = item.title or say(language, "untitled")
    similarity = say(language, "similarity", measure=measure_name(language, measure), encoder=encoder)
    parts = [
        _large_picture(large, title, language),
        f"<h3>{escape(title)}</h3>",
        f'<p class="mm-score"><strong>{hit.score:.3f}</strong> <span>{escape(similarity)}</span></p>',
        _matched(hit, language),
        _captions(item.texts, language),
        _facts(item, language),
    ]
    return f'<article class="mm-details">{"".join(parts)}</article>'


def progress(job: JobState, language: str) -> str:
    """Return the bar, the figures and, at the end, the summary of the indexing run."""
    if job.state == "idle":
        return ""
    if job.running:
        return _running(job, language)
    if job.report is None:
        problem = job.problem or say(language, "run_failed")
        return status(say(language, "problem", message=problem), "problem")
    heading = say(language, f"run_{job.report.state}")
    problem = f" {job.problem}" if job.problem else ""
    return status(heading + problem, job.report.state) + _report(job.report, language)


def history(runs: Iterable[RunReport], language: str) -> str:
    """Return the earlier runs as a table, newest first."""
    rows = [
        (str(run.run_id), run.source, run.collection, say(language, f"state_{run.state}"), summary(run, language))
        for run in runs
    ]
    if not rows:
        return f'<p class="mm-quiet">{escape(say(language, "no_history"))}</p>'
    heads = [say(language, key) for key in ("run", "folder_short", "index_into", "state", "what_happened")]
    return _table(heads, rows)


def summary(run: RunReport, language: str) -> str:
    """Return one line that says what a run did; plain text."""
    return say(
        language,
        "summary",
        added=run.added,
        changed=run.changed,
        moved=run.moved,
        removed=run.removed,
        unchanged=run.unchanged,
        skipped=len(run.skips),
        pictures=count(language, "picture", run.pictures_encoded),
        texts=count(language, "text", run.texts_encoded),
        time=duration(run.seconds, language),
    )


def duration(seconds: float, language: str) -> str:
    """Return a time a person can read: "40 s", "3 min", "2.5 h"; plain text."""
    if seconds < 90:
        return say(language, "time_seconds", n=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
    if seconds < 5400:
        return say(language, "time_minutes", n=f"{seconds / 60:.0f}")
    return say(language, "time_hours", n=f"{seconds / 3600:.1f}")


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _text_row(index: int, hit: Hit, picture: Path | None) -> str:
    words = hit.text.text if hit.text else hit.item.title or ""
    image = f'<img src="{escape(file_address(picture))}" alt="" loading="lazy">' if picture else ""
    return (
        f'<li><button type="button" data-index="{index}">{image}'
        f'<span class="mm-words">{escape(words)}{_language_tag(hit.text)}</span>'
        f'<span class="mm-rank">{hit.rank} · {hit.score:.3f}</span></button></li>'
    )


def _language_tag(text: Text | None) -> str:
    return f' <span class="mm-lang">{escape(text.language)}</span>' if text and text.language else ""


def _large_picture(large: Path | None, title: str, language: str) -> str:
    if large is None:
        return ""
    address, hint = escape(file_address(large)), escape(say(language, "open_large"))
    return f'<a href="{address}" target="_blank" title="{hint}"><img src="{address}" alt="{escape(title)}"></a>'


def _matched(hit: Hit, language: str) -> str:
    if hit.text is None:
        return ""
    heading = escape(say(language, "matched_text"))
    return f"<h4>{heading}</h4><p>{escape(hit.text.text)}{_language_tag(hit.text)}</p>"


def _captions(texts: Sequence[Text], language: str) -> str:
    heading = f"<h4>{escape(say(language, 'captions'))}</h4>"
    if not texts:
        return f'{heading}<p class="mm-quiet">{escape(say(language, "no_captions"))}</p>'
    return heading + "<ul>" + "".join(f"<li>{escape(text.text)}{_language_tag(text)}</li>" for text in texts) + "</ul>"


def _facts(item: Item, language: str) -> str:
    """Return credit, file, size and date as a list of names and values."""
    path = escape(str(item.path)) if item.path else escape(say(language, "no_path"))
    facts = [("credit", _credit(item.credit, language)), ("path", f"<code>{path}</code>")]
    if item.width and item.height:
        facts.append(("size", f"{item.width} × {item.height}"))
    if item.taken_at:
        facts.append(("date", escape(item.taken_at.isoformat(sep=" ", timespec="minutes"))))
    rows = "".join(f"<dt>{escape(say(language, key))}</dt><dd>{value}</dd>" for key, value in facts if value)
    return f"<dl>{rows}</dl>"


def _credit(credit: Credit | None, language: str) -> str:
    if credit is None:
        return ""
    parts = [escape(credit.author or say(language, "author_unknown"))]
    if credit.licence:
        parts.append(link(credit.licence_url, credit.licence))
    if credit.source:
        parts.append(link(credit.source, say(language, "source")) if _is_web(credit.source) else escape(credit.source))
    return " · ".join(parts)


def _running(job: JobState, language: str) -> str:
    key = "run_stopping" if job.state == "stopping" else "run_running"
    heading = status(say(language, key, source=job.source, collection=job.collection), "busy")
    now = job.progress
    if now is None:
        return heading
    known = now.total > 0
    share = 100 * now.done / now.total if known else 0
    label = " · ".join(_figures(now, language))
    value = f' aria-valuenow="{share:.0f}"' if known else ""
    return (
        f'{heading}<div class="mm-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"{value} '
        f'aria-label="{escape(label)}"><div style="width:{min(share, 100):.1f}%"></div></div>'
        f'<p class="mm-figures">{escape(label)}</p>'
    )


def _figures(now: Progress, language: str) -> list[str]:
    phase = now.phase if now.phase in {"scan", "pictures", "texts", "done"} else "scan"
    counted = "progress_count" if now.total else "progress_found"
    figures = [say(language, f"phase_{phase}"), say(language, counted, done=now.done, total=now.total)]
    if now.rate > 0:
        figures.append(say(language, "progress_rate", rate=f"{now.rate:.0f}" if now.rate >= 10 else f"{now.rate:.1f}"))
    if now.seconds_left is not None:
        figures.append(say(language, "progress_left", time=duration(now.seconds_left, language)))
    if now.skipped:
        figures.append(say(language, "progress_skipped", n=now.skipped))
    return figures


def _report(run: RunReport, language: str) -> str:
    return f"<p>{escape(summary(run, language))}</p>" + _skips(run.skips, language)


def _skips(skips: Sequence[Skip], language: str) -> str:
    if not skips:
        return ""
    rows = [(skip.path, skip.reason) for skip in skips[:SKIPS_SHOWN]]
    more = len(skips) - len(rows)
    tail = f'<p class="mm-quiet">{escape(say(language, "skips_more", n=more))}</p>' if more else ""
    heading = f"<h4>{escape(say(language, 'skips'))}</h4>"
    return heading + _table([say(language, "file"), say(language, "reason")], rows) + tail


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="mm-table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'

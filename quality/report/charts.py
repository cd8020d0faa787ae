"""Charts as SVG text: drawn from numbers alone, without styles or scripts, so that they print and stay as they are."""

from collections.abc import Sequence

from markupsafe import Markup, escape

#: Dark to light: what is good, what needs a look, what is missing. Told apart also in grey and by colour-blind eyes.
INK, GOOD, MIDDLE, BAD, PALE = "#1f2a24", "#1e6b4f", "#c98a1b", "#b3412e", "#e4e2d8"


def stacked(parts: Sequence[tuple[int, str]], *, width: int = 220, height: int = 10, most: int | None = None) -> Markup:
    """One bar of parts side by side (count and colour), as long as its sum is of `most`."""
    whole = sum(count for count, _ in parts)
    scale = width / max(most or whole, 1)
    out, at = [], 0.0
    for count, colour in parts:
        if count > 0:
            size = max(count * scale, 0.8)
            out.append(f'<rect x="{at:.1f}" y="0" width="{size:.1f}" height="{height}" fill="{colour}"/>')
            at += size
    return _svg(width, height, "".join(out))


def line(values: Sequence[float | None], *, labels: tuple[str, str], width: int = 320, height: int = 90) -> Markup:
    """A share over weeks, 0 to 100 % from bottom to top; where nothing was measured the line is broken, never bridged.

    Args:
        labels: of the first and the last week.
    """
    top, bottom, left, right = 6, height - 18, 26, width - 6
    step = (right - left) / max(len(values) - 1, 1)
    out = [
        f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{PALE}"/>'
        f'<text x="{left - 4}" y="{y + 3:.1f}" font-size="8" text-anchor="end" fill="{INK}">{mark}</text>'
        for mark, y in ((100, top), (50, (top + bottom) / 2), (0, bottom))
    ]
    out += _runs([(left + i * step, None if v is None else bottom - v * (bottom - top)) for i, v in enumerate(values)])
    for x, anchor, label in ((left, "start", labels[0]), (right, "end", labels[1])):
        place = f'x="{x}" y="{height - 4}" font-size="8" text-anchor="{anchor}" fill="{INK}"'
        out.append(f"<text {place}>{escape(label)}</text>")
    return _svg(width, height, "".join(out))


def spark(values: Sequence[float | None], *, width: int = 54, height: int = 16) -> Markup:
    """A small line without axes, over the whole height from 0 to 1."""
    step = (width - 4) / max(len(values) - 1, 1)
    ground = f'<line x1="0" x2="{width}" y1="{height - 1}" y2="{height - 1}" stroke="{PALE}"/>'
    dots = [(2 + i * step, None if v is None else height - 3 - v * (height - 6)) for i, v in enumerate(values)]
    return _svg(width, height, ground + "".join(_runs(dots)))


def _runs(dots: Sequence[tuple[float, float | None]]) -> list[str]:
    """Lines through dots that follow each other; a gap breaks the line, a lone dot stays a dot."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in dots:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    out = []
    for run in runs:
        if len(run) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            out.append(f'<polyline points="{path}" fill="none" stroke="{GOOD}" stroke-width="1.6"/>')
        elif run:
            out.append(f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="2" fill="{GOOD}"/>')
    return out


def _svg(width: int, height: int, body: str) -> Markup:
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-hidden="true"'
    return Markup(f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}</svg>')  # noqa: S704 - numbers and escaped labels

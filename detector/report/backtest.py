"""What a backtest says to people: which pages, which surges would have been found, which budget to set."""

from __future__ import annotations

from collections.abc import Mapping

from detector.report.numbers import brief, factor_of, grouped, plural, times_normal
from detector.report.sections import Section
from detector.report.summary import outcome, summarize
from detector.schemas import Incident
from detector.times import clock, day, duration, moment, span
from detector.trials import FEW, SEEN, BacktestResult, Recall, ServiceTrials, by_size

MONTH_US = 365.25 / 12 * 86_400_000_000
WEEKS_PER_MONTH = 365.25 / 12 / 7
KINDS = {"lines": "more lines and clients", "messages_per_client": "more messages per client",
         "bytes": "larger messages"}  # fmt: skip
METHODS = {"detector": "detector, as set", "last_week": "over 3 x same hour last week",
           "threshold": "over highest 5 min of week 1"}  # fmt: skip
LONG_SECONDS = 43_200
SHAPES = ("step", "ramp", "doubling")
NOTHING = "-"


def tell(result: BacktestResult) -> tuple[list[str], list[Section], list[str]]:
    """Heading, sections, and what was left out and read."""
    scan = result.scan
    if scan.from_us is None or scan.to_us is None:
        return [outcome(scan)], [], summarize(scan)[1:]
    sections = [_pages(result)]
    if result.trials:
        sections += [_sizes(result), *_kinds(result), _services(result), _budgets(result), _methods(result)]
    return _heading(result, scan.from_us, scan.to_us), sections, [*_left_out(result), *summarize(scan)[1:]]


def _heading(result: BacktestResult, from_us: int, to_us: int) -> list[str]:
    scan, pages = result.scan, sum(one.page for one in result.scan.incidents)
    found = f"{plural(pages, 'page')} and reported {plural(len(scan.incidents), 'surge')}"
    where = f"{duration(to_us - from_us)} of {plural(scan.services, 'service')}"
    first = f"These settings would have sent {found} in {where}, {span(from_us, to_us)}."
    if result.trials:
        return [first, "Nobody said which of them were real: look at a few before you call them false."]
    why = "a service must be known for two days (or a fifth of its time, if that is longer) and speak"
    if scan.window_seconds >= LONG_SECONDS:
        why = "a surge and the window after it must fit into a day"
    return [first, f"No surge could be planted, so nothing is known of what would be missed: {why}."]


def _months(result: BacktestResult) -> float:
    """Length of the input."""
    return ((result.scan.to_us or 0) - (result.scan.from_us or 0)) / MONTH_US


def _pages(result: BacktestResult) -> Section:
    pages = [one for one in result.scan.incidents if one.page]
    years = {moment(one.started_us).year for one in pages}
    rows = [_page(one, result.scan.to_us, year=len(years) > 1) for one in pages]
    lead = "What would have woken somebody, in order of time (UTC)." if rows else "None."
    header = ("began", "service", "surge", "noticed after", "lasted", "id")
    return Section("Pages that would have been sent", lead, header, rows, (1, 0, 2))


def _page(incident: Incident, to_us: int | None, *, year: bool) -> tuple[str, ...]:
    began = f"{day(incident.started_us, year=year)} {clock(incident.started_us)}"
    end = incident.ended_us if incident.ended_us is not None else to_us
    lasted = duration((end or incident.detected_us) - incident.started_us)
    noticed = duration(incident.detected_us - incident.started_us)
    surge = times_normal(factor_of(incident)).removesuffix(" normal")
    return began, incident.service or "(no name)", surge, noticed, lasted, f"#{incident.id}"


def _sizes(result: BacktestResult) -> Section:
    surges = len({(one.service, one.started_us) for one in result.trials})
    services = plural(len(result.services), "service")
    lead = (
        f"Planted at {plural(surges, 'moment')} into {services}, in every size, one at a time and away from what was"
        " reported; judged by what was known at that moment. x2: twice what the service said just then, for 15 to 120"
        " minutes (a window at least), at once (step), in a line, or doubling at a constant pace."
    )
    parts = {shape: by_size(one for one in result.trials if one.shape == shape) for shape in SHAPES}
    rows = [
        (_size(size), grouped(all_.surges), _share(all_), _paged(all_), _delay(all_),
         *(_share(parts[shape].get(size)) for shape in SHAPES))
        for size, all_ in by_size(result.trials).items()
    ]  # fmt: skip
    header = ("size", "surges", "found", "as a page", "median delay", *SHAPES)
    return Section("Surges that would have been found", lead, header, rows)


def _kinds(result: BacktestResult) -> list[Section]:
    """Only where there is a choice."""
    parts = {kind: by_size(one for one in result.trials if one.kind == kind) for kind in KINDS}
    known = {kind: recalls for kind, recalls in parts.items() if recalls}
    if len(known) < 2:
        return []
    sizes = sorted({one.factor for one in result.trials})
    rows = [(KINDS[kind], *_shares(recalls, sizes)) for kind, recalls in known.items()]
    return [Section("By what grows", "Share found.", ("because of", *map(_size, sizes)), rows)]


def _services(result: BacktestResult) -> Section:
    sizes = sorted({one.factor for one in result.trials})
    rows = [
        (one.service or "(no name)", brief(one.lines_per_minute), grouped(one.reported), grouped(one.pages),
         *_shares(one.recalls, sizes), _smallest(one, sizes[-1]))
        for one in result.services
    ]  # fmt: skip
    lead = f"Share found by size, and the smallest size of which {SEEN:.0%} are found; {NOTHING}: too few to say."
    header = ("service", "lines/min", "reported", "pages", *map(_size, sizes), "sees from")
    after = ""
    if any(row[-1].startswith("over") for row in rows):
        after = f"Over {_size(sizes[-1])}: too few lines to tell a surge by, or bursts of its own that are as high."
    return Section("What each service can see", lead, header, rows, after=after)


def _smallest(one: ServiceTrials, largest: float) -> str:
    if one.smallest is not None:
        return _size(one.smallest)
    enough = largest in one.recalls and one.recalls[largest].surges >= FEW
    return f"over {_size(largest)}" if enough else NOTHING


def _budgets(result: BacktestResult) -> Section:
    months = _months(result)
    sizes = sorted({size for one in result.budgets for size in one.recalls})
    rows = [
        (f"{one.budget}{' (now)' * one.chosen}", brief(one.reported / months), brief(one.pages / months),
         *(cell for size in sizes for cell in (_share(one.recalls.get(size)), _delay(one.recalls.get(size)))))
        for one in result.budgets
    ]  # fmt: skip
    columns = (cell for size in sizes for cell in (f"{_size(size)} found", "delay"))
    header = ("budget", "reports/month", "pages/month", *columns)
    lead = (
        "The same at other values of --incident-budget; reports and pages are those of what is really there, of all"
        " services."
    )
    after = "Take the first row whose reports you are willing to read: rows further down report less and miss more."
    return Section("Which budget to set", lead, header, rows, after=after)


def _methods(result: BacktestResult) -> Section:
    sizes = sorted({one.factor for one in result.trials})
    rows = [
        (METHODS[one.name], brief(one.alarms / one.weeks * WEEKS_PER_MONTH) if one.weeks else NOTHING,
         grouped(sum(each.surges for each in one.recalls.values())), *_shares(one.recalls, sizes),
         _delay(one.recalls.get(sizes[-1])))
        for one in result.methods
    ]  # fmt: skip
    lead = (
        "Alarms a month and service on what is really there, the surges that could be judged, the share found, and the"
        f" median delay at {_size(sizes[-1])}. Week 1 is the first quarter where the input is shorter than four weeks."
    )
    header = ("rule", "alarms", "surges", *map(_size, sizes), "delay")
    return Section("Beside two simple rules", lead, header, rows)


def _left_out(result: BacktestResult) -> list[str]:
    """What no surge was planted into, and which surges could not be."""
    lines = []
    if result.trials and result.left_out:
        lines.append(f"{plural(result.left_out, 'service')} with fewer lines got no surges; --services N takes more.")
    if result.trials and result.too_quiet:
        names = ", ".join(result.too_quiet[:5]) + (", ..." if len(result.too_quiet) > 5 else "")
        lines.append(f"Too quiet or too short for a surge: {names}.")
    if result.unknown:
        lines.append(f"Not planted: {_named(result.unknown)}; the input does not say enough for it.")
    return lines


def _named(kinds: list[str]) -> str:
    return ", ".join(KINDS[kind] for kind in kinds)


def _size(factor: float) -> str:
    return f"x{factor:g}"


def _shares(recalls: Mapping[float, Recall], sizes: list[float]) -> tuple[str, ...]:
    return tuple(_share(recalls.get(size)) for size in sizes)


def _share(recall: Recall | None) -> str:
    """Share found, where enough were planted to say so."""
    return NOTHING if recall is None or recall.surges < FEW else f"{recall.found / recall.surges:.0%}"


def _paged(recall: Recall) -> str:
    return NOTHING if recall.surges < FEW else f"{recall.paged / recall.surges:.0%}"


def _delay(recall: Recall | None) -> str:
    return NOTHING if recall is None or recall.delay_us is None else duration(recall.delay_us)

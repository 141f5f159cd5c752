// How a run stands, what one did, and those before.

import { fit } from "./charts.js";
import { button, make } from "./dom.js";
import { message } from "./messages.js";
import { count, duration, knows, number, say } from "./words.js";

/** Return what to show of the run behind the page; nothing if there was none. */
export function progressOf(job, app, cancel) {
    if (job.state === "idle") return [];
    if (["running", "stopping"].includes(job.state)) return running(job, cancel);
    if (!job.report) return [message(say("run_failed"), job.problem, [], "problem")];
    if (job.work === "align") return [aligned(job, app)];
    const look = () => app.search({ words: "", picture: null, like: null, collection: job.collection, encoder: "" });
    return [
        message(say(`run_${job.report.state}`), summary(job.report), [[say("look_at", { collection: job.collection }), look]], job.report.state),
        skips(job.report),
    ].filter(Boolean);
}

/** Return a word on a run of the laboratory that is over; the laboratory itself shows what it found. */
function aligned({ report }, app) {
    const heading = say(`lab_${report.state}`);
    if (app.page === "lab") return message(heading, "", [], report.state);
    return message(heading, say("lab_ended"), [[say("look"), () => app.go("lab")]], report.state);
}

/** Return the earlier runs as a table, newest first. */
export function historyTable(runs) {
    if (!runs.length) return make("p", { class: "mm-quiet" }, say("no_history"));
    return table(
        ["run", "folder_short", "collection", "encoder", "state", "what_happened"],
        runs.map((run) => [run.run_id, run.source === "*" ? say("everything") : run.source, run.collection, run.encoder, say(`state_${run.state}`), summary(run)]),
    );
}

function running(job, cancel) {
    const values = { source: job.source, collection: job.collection, encoder: job.encoder };
    const heading = job.state === "stopping" ? say("run_stopping") : say(`run_${job.work}`, values);
    const now = job.progress;
    const known = now && now.total > 0;
    const words = now ? figures(now).join(" · ") : say(job.work === "align" ? "loading" : "phase_scan");
    const bar = make("div", { class: "mm-bar", role: "progressbar", "aria-label": heading, "aria-valuemin": 0, "aria-valuemax": 100 });
    const share = known ? Math.min((100 * now.done) / now.total, 100) : 0;
    if (known) bar.setAttribute("aria-valuenow", share.toFixed(0));
    bar.append(make("div", { class: known ? null : "mm-unknown", style: known ? `width:${share.toFixed(1)}%` : null }));
    return [
        make(
            "div",
            { class: "mm-running" },
            make("h2", {}, heading),
            bar,
            make("p", { class: "mm-figures" }, words),
            now?.curves.length ? make("div", { class: "mm-fit" }, fit(now.curves)) : null,
            button({ words: say("cancel"), id: "mm-cancel", class: "mm-button", disabled: job.state === "stopping", onclick: cancel }),
        ),
    ];
}

function figures(now) {
    const told = [phaseOf(now.phase), say(now.total ? "progress_count" : "progress_found", { done: number(now.done), total: number(now.total) })];
    if (now.rate > 0) told.push(say("progress_rate", { rate: now.rate >= 10 ? Math.round(now.rate) : now.rate.toFixed(1) }));
    if (now.seconds_left !== null) told.push(say("progress_left", { time: duration(now.seconds_left) }));
    if (now.skipped) told.push(say("progress_skipped", { n: number(now.skipped) }));
    return told;
}

/** Return what a run is at; the laboratory also says of which method, and on which split. */
function phaseOf(phase) {
    const [, method, n, of] = phase.match(/^(.+), split (\d+) of (\d+)$/) ?? [];
    if (method) return say("phase_fitting", { method, n, of });
    const [, written] = phase.match(/^writing (.+)$/) ?? [];
    return written ? say("phase_writing", { method: written }) : say(`phase_${phase}`);
}

/** Return one line that says what a run did: only what there was of it. */
function summary(run) {
    const counts = ["added", "changed", "moved", "removed", "unchanged", "skipped"]
        .filter((key) => run[key] > 0)
        .map((key) => say(`n_${key}`, { n: number(run[key]) }));
    const made = say("encoded", { pictures: count("picture", run.pictures_encoded), texts: count("text", run.texts_encoded), time: duration(run.seconds) });
    return [...counts, made].join(" · ");
}

function skips(run) {
    if (!run.skipped) return null;
    const more = run.skipped - run.skips.length;
    return make(
        "details",
        { class: "mm-skips", open: run.skipped <= 20 },
        make("summary", {}, say("skips", { n: number(run.skipped) })),
        table(["file", "reason"], run.skips.map((skip) => [skip.path, reason(skip)])),
        more > 0 && make("p", { class: "mm-quiet" }, say("skips_more", { n: number(more) })),
    );
}

/** Return why a file was skipped, in the page's language where the reason is a known one. */
function reason({ reason: words, key, parts }) {
    if (!key || !knows(`reason_${key}`)) return words;
    return say(`reason_${key}`, Object.fromEntries(parts.map((part, index) => [`p${index}`, part])));
}

function table(heads, rows) {
    return make(
        "div",
        { class: "mm-table", tabindex: 0, role: "region", "aria-label": say(heads[0]) },
        make(
            "table",
            {},
            make("thead", {}, make("tr", {}, heads.map((key) => make("th", { scope: "col" }, say(key))))),
            make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, String(cell)))))),
        ),
    );
}

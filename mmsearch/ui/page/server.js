// Talks to the server: the app's endpoints, uploads, and the addresses of pictures.

/** What the server refused, in its own words; `kind` is the class of the error. */
export class Refusal extends Error {
    constructor(message, kind) {
        super(message);
        this.kind = kind;
    }
}

/** Call an endpoint and return what it tells; a run that failed has a problem too, but that is no refusal. */
export async function ask(endpoint, ...given) {
    let answer;
    try {
        answer = await fetch(`gradio_api/run/${endpoint}`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ data: given }),
        });
    } catch {
        throw new Refusal("", "Unreachable");
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refusal(told.error || `HTTP ${answer.status}`, "Broken");
    const [result] = told.data;
    if (result.problem && result.kind) throw new Refusal(result.problem, result.kind);
    return result;
}

/** Ask a question whose answer comes in parts, and yield each. */
export async function* answers(question) {
    const answer = await post("mmsearch/search", question);
    for await (const line of lines(answer.body)) yield parsed(line);
}

/** Ask why a hit was found; a signal ends the waiting. */
export async function explanation(question, signal) {
    return parsed(await (await post("mmsearch/explain", question, signal)).text());
}

/** Send a question to a route of ours, and return the answer's beginning. */
async function post(address, question, signal) {
    let answer;
    try {
        answer = await fetch(address, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(question),
            signal,
        });
    } catch {
        throw new Refusal("", "Unreachable");
    }
    if (!answer.ok) throw new Refusal(`HTTP ${answer.status}`, "Broken");
    return answer;
}

/** Return what a line tells; a problem is thrown. */
function parsed(line) {
    let told;
    try {
        told = JSON.parse(line);
    } catch {
        throw new Refusal("", "Broken");
    }
    if (told.problem) throw new Refusal(told.problem, told.kind);
    return told;
}

/** Yield the lines of a stream of UTF-8. */
async function* lines(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let begun = "";
    for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const whole = (begun + value).split("\n");
        begun = whole.pop();
        yield* whole.filter(Boolean);
    }
    if (begun) yield begun;
}

/** Upload files; `note` hears the share that is done, 0 to 1. Return what the endpoints know them by. */
export async function upload(files, note = () => {}) {
    const form = new FormData();
    for (const file of files) form.append("files", file);
    const paths = await new Promise((resolve, reject) => {
        const request = new XMLHttpRequest(); // fetch tells nothing about how far an upload is
        request.upload.addEventListener("progress", (event) => event.total && note(event.loaded / event.total));
        request.addEventListener("error", () => reject(new Refusal("", "Unreachable")));
        request.addEventListener("load", () =>
            request.status === 200
                ? resolve(JSON.parse(request.responseText))
                : reject(new Refusal(request.responseText, request.status === 413 ? "TooLarge" : "Broken")),
        );
        request.open("POST", "gradio_api/upload");
        request.send(form);
    });
    return paths.map((path, index) => ({ path, orig_name: files[index].name, meta: { _type: "gradio.FileData" } }));
}

/** Return the address of an item's picture, `small` or `large`. */
export function pictureOf(item, size) {
    return `mmsearch/pictures/${size}/${item.id}/${item.hash}.jpg`;
}

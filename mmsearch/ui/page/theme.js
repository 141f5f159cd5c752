// Dark or light: as the system says, until the visitor chooses.

const REMEMBERED = "mmsearch-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
    const chosen = localStorage.getItem(REMEMBERED) ?? new URLSearchParams(location.search).get("__theme");
    return ["light", "dark"].includes(chosen) ? chosen === "dark" : system.matches;
}

/** Put the page into its theme now and whenever the system changes; `changed` is called then. */
export function follow(changed) {
    paint();
    system.addEventListener("change", () => {
        paint();
        changed();
    });
}

export function toggle() {
    localStorage.setItem(REMEMBERED, isDark() ? "light" : "dark");
    paint();
}

function paint() {
    document.body.classList.toggle("dark", isDark()); // Gradio's own class, for what it shows itself
    document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
}

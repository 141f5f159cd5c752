// Paints a heat map that fits a picture: what does not speak is dimmed, what speaks glows.

const SIDE = 224; // pixels of the longer side; the browser enlarges it smoothly

// Red, green, blue and opacity from nothing to most; for what is not wanted in cold colours.
const WARM = [[14, 14, 30, 0.66], [120, 28, 84, 0.5], [236, 92, 36, 0.4], [255, 214, 74, 0.36]];
const COLD = [[14, 14, 30, 0.66], [36, 52, 140, 0.52], [46, 140, 232, 0.44], [170, 240, 255, 0.4]];

/** Paint a grid of values from 0 to 1 on a canvas of the picture's proportions. */
export function paint(canvas, image, grid, cold) {
    const [wide, high] = [image.naturalWidth || image.width, image.naturalHeight || image.height];
    const scale = SIDE / Math.max(wide, high, 1);
    canvas.width = Math.max(1, Math.round(wide * scale));
    canvas.height = Math.max(1, Math.round(high * scale));
    const pen = canvas.getContext("2d");
    const pixels = pen.createImageData(canvas.width, canvas.height);
    smooth(grid, canvas.width, canvas.height).forEach((value, at) => pixels.data.set(colour(cold ? COLD : WARM, value), 4 * at));
    pen.putImageData(pixels, 0, 0);
}

/** Return a grid at wide × high places, row by row, from 0 to 1, by cubic B-splines. */
function smooth(grid, wide, high) {
    const across = splines(grid[0].length, wide);
    const down = splines(grid.length, high);
    const rows = grid.map((row) => across.map((taps) => mix(taps, row)));
    const values = down.flatMap((taps) => across.map((_, x) => taps.reduce((sum, [at, share]) => sum + share * rows[at][x], 0)));
    const most = Math.max(...values);
    return most > 0 ? values.map((value) => value / most) : values;
}

function mix(taps, row) {
    return taps.reduce((sum, [at, share]) => sum + share * row[at], 0);
}

/** Return which of `cells` make up each of `places`, and by how much; beyond an edge its cell goes on. */
function splines(cells, places) {
    return Array.from({ length: places }, (_, place) => {
        const at = ((place + 0.5) * cells) / places - 0.5;
        const [first, f] = [Math.floor(at), at - Math.floor(at)];
        const shares = [(1 - f) ** 3, 3 * f ** 3 - 6 * f ** 2 + 4, -3 * f ** 3 + 3 * f ** 2 + 3 * f + 1, f ** 3];
        return shares.map((share, tap) => [Math.min(Math.max(first - 1 + tap, 0), cells - 1), share / 6]);
    });
}

function colour(ramp, value) {
    const at = Math.min(Math.max(value, 0), 1) * (ramp.length - 1);
    const low = Math.min(Math.floor(at), ramp.length - 2);
    const mixed = ramp[low].map((from, part) => from + (at - low) * (ramp[low + 1][part] - from));
    return [mixed[0], mixed[1], mixed[2], 255 * mixed[3]];
}

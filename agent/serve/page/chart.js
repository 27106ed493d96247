// One chart, drawn by Dygraphs, with a legend of our own: its own one styles itself by attributes, which our policy
// forbids.

import { element } from "./dom.js";
import { clock } from "./format.js";
import { Series } from "./series.js";

// Told apart with any colour vision (after Okabe and Ito), and 3:1 against their background.
const COLOURS = {
  light: ["#0072b2", "#b34700", "#007a5a", "#8f3f71", "#6b6b00", "#5b5bd6", "#a6192e", "#3d3d3d"],
  dark: ["#56b4e9", "#e69f00", "#2fc79b", "#e79ac6", "#f0e442", "#a9a9ff", "#ff8a80", "#d0d0d0"],
};
const LINES = { light: { grid: "#e3e6ea", axis: "#8a929c" }, dark: { grid: "#2b3037", axis: "#727b86" } };

const dark = matchMedia("(prefers-color-scheme: dark)");
const scheme = () => (dark.matches ? "dark" : "light");

const { Dygraph } = window;
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

// A finger scrolls the page; without the touch handlers Dygraphs lets it.
function interaction() {
  const { touchstart, touchmove, touchend, ...mouse } = Dygraph.defaultInteractionModel;
  return mouse;
}

export class Chart {
  // unit: a number as text; range: the time to show; zoomed: called with a range that the reader has chosen.
  constructor(parent, title, unit, { range, zoomed, marks }) {
    Object.assign(this, { unit, range, zoomed, marks });
    this.series = new Series();
    this.graph = null;
    this.drawn = "";
    this.legend = element("p", { class: "legend" });
    this.place = element("div", { class: "chart", role: "img", "aria-label": `${title}: the values are listed below` });
    parent.append(element("figure", {}, element("figcaption", {}, title), this.place, this.legend));
  }

  options() {
    const lines = LINES[scheme()];
    return {
      labels: ["time", ...this.labels()],
      colors: COLOURS[scheme()],
      gridLineColor: lines.grid,
      axisLineColor: lines.axis,
      connectSeparatedPoints: true,
      includeZero: true,
      strokeWidth: 1.75,
      highlightCircleSize: 4,
      axes: {
        x: { axisLabelFormatter: (date) => clock(date.getTime()).slice(0, 5), axisLabelWidth: 48 },
        y: { axisLabelFormatter: (value) => this.unit(value), axisLabelWidth: 52, pixelsPerLabel: 28 },
      },
      interactionModel: interaction(),
      highlightCallback: (_event, at, points) => this.show(at, points),
      unhighlightCallback: () => this.showLast(),
      zoomCallback: (from, to) => this.zoomed([from, to]),
      underlayCallback: (canvas, area) => this.underlay(canvas, area),
    };
  }

  labels() {
    return this.series.shown.length > 0 ? this.series.shown : ["nothing"];
  }

  draw() {
    this.series.choose();
    const file = this.series.shown.length > 0 ? this.series.table() : [[new Date(0), null]];
    const values = { file, dateWindow: this.range(), valueRange: this.series.shown.length > 0 ? null : [0, 1] };
    const look = JSON.stringify([scheme(), this.labels()]);
    if (this.graph === null) this.graph = new Dygraph(this.place, file, { ...this.options(), ...values, file: undefined });
    else this.graph.updateOptions(look === this.drawn ? values : { ...this.options(), ...values });
    this.drawn = look;
    this.showLast();
  }

  // Dashed lines where something happened.
  underlay(canvas, area) {
    const graph = this.graph;
    if (graph === null) return;
    const [from, to] = graph.xAxisRange();
    canvas.save();
    canvas.strokeStyle = LINES[scheme()].axis;
    canvas.setLineDash([2, 3]);
    for (const time of this.marks()) {
      if (time < from || time > to) continue;
      const x = Math.round(graph.toDomXCoord(time)) + 0.5;
      canvas.beginPath();
      canvas.moveTo(x, area.y);
      canvas.lineTo(x, area.y + area.h);
      canvas.stroke();
    }
    canvas.restore();
  }

  show(at, points) {
    this.write(`${clock(at)}`, points.map((point) => [point.name, point.yval]));
  }

  showLast() {
    this.write("now", this.series.shown.map((name) => [name, this.series.last(name)]));
  }

  write(time, values) {
    const colours = COLOURS[scheme()];
    const entries = values.filter(([, value]) => Number.isFinite(value)).map(([name, value]) => {
      const sample = element("span", { class: "sample" });
      sample.style.backgroundColor = colours[this.series.shown.indexOf(name) % colours.length];
      return element("span", { class: "entry" }, sample, `${name} ${this.unit(value)}`);
    });
    this.legend.replaceChildren(element("span", { class: "quiet" }, entries.length > 0 ? time : "none so far"), ...entries);
  }

  resize() {
    this.graph?.resize();
  }
}

export function onScheme(changed) {
  dark.addEventListener("change", changed);
}

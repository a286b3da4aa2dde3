"""The script of the page: it hides the pictures that are not asked for, and names the session under the pointer.

Without it the page shows all pictures, and the steps with their commits.
"""

SCRIPT = """\
"use strict";
const $ = id => document.getElementById(id);
const cards = [...document.querySelectorAll("article")];
const texts = [];
const form = $("choose"), words = $("words"), stepped = $("stepped"), shown = $("shown");
let data;

const read = () => data ??= JSON.parse($("data").textContent);
const textOf = i => texts[i] ??=
  (cards[i].textContent + read().values[i].sessions.map(n => data.sessions[n]).join(" ")).toLowerCase();
const isHash = /^[0-9a-f]{13,}$/;

const update = () => {
  const typed = words.value.toLowerCase().split(/\\s+/).filter(w => w);
  const wanted = typed.map(w => isHash.test(w) ? w.slice(0, 12) : w);
  let number = 0;
  cards.forEach((card, i) => {
    const fits = wanted.every(w => textOf(i).includes(w)) && (!stepped.checked || card.querySelector(".marks"));
    card.hidden = !fits;
    number += fits ? 1 : 0;
  });
  shown.textContent = number.toLocaleString("en") + " of " + cards.length.toLocaleString("en");
};

// The data are read when they are first needed: a large page opens as fast as a small one.
cards.forEach((card, i) => {
  const figure = card.querySelector("figure"), svg = card.querySelector("svg"), point = card.querySelector("output");
  let at = -1;
  const draw = (kind, d) => {
    const plane = svg.querySelector("svg"), make = () => document.createElementNS(svg.namespaceURI, "path");
    const path = plane.querySelector("." + kind) ?? plane.appendChild(make());
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
  };
  const show = place => {
    const own = read().values[i];
    at = Math.min(Math.max(place, 0), own.words.length - 1);
    const points = [...svg.querySelectorAll(".history")].flatMap(p => p.getAttribute("d").slice(1).split("L"));
    const [x, y] = points[at].split(" ");
    draw("at", `M${x} 0V${data.bottom}`);
    draw("here", `M${x} ${y}h0`);
    point.textContent = own.words[at] + " · " + data.sessions[own.sessions[at]];
  };
  figure.onpointermove = event => {
    const box = svg.getBoundingClientRect(), [left, right] = read().ends;
    const share = ((event.clientX - box.left) / box.width * data.width - left) / (right - left);
    show(Math.round(share * (data.values[i].words.length - 1)));
  };
  figure.onkeydown = event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at < 0 && step < 0 ? Infinity : at + step);
  };
});
form.onsubmit = event => event.preventDefault();
form.oninput = update;
form.hidden = false;
update();
"""

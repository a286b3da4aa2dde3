"""The script of the page: it hides the pictures that are not asked for, and names the session under the pointer.

Without it the page shows all pictures, and the steps with their commits.
"""

SCRIPT = """\
"use strict";
const $ = id => document.getElementById(id);
const cards = [...document.querySelectorAll("article")];
const texts = cards.map(card => card.querySelector("header").textContent.toLowerCase());
const form = $("choose"), words = $("words"), stepped = $("stepped"), shown = $("shown");
let data;

const update = () => {
  const wanted = words.value.toLowerCase().split(/\\s+/);
  let number = 0;
  cards.forEach((card, i) => {
    const fits = wanted.every(w => texts[i].includes(w)) && (!stepped.checked || card.querySelector("ul"));
    card.hidden = !fits;
    number += fits ? 1 : 0;
  });
  shown.textContent = number.toLocaleString("en") + " of " + cards.length.toLocaleString("en");
};

// The data are read when they are first needed: a large page opens as fast as a small one.
cards.forEach((card, i) => {
  const figure = card.querySelector("figure"), svg = card.querySelector("svg"), point = card.querySelector("output");
  let at = -1;
  const show = place => {
    data ??= JSON.parse($("data").textContent);
    const own = data.values[i];
    at = Math.min(Math.max(place, 0), own.words.length - 1);
    point.textContent = own.words[at] + " · " + data.sessions[own.sessions[at]];
  };
  figure.onpointermove = event => {
    data ??= JSON.parse($("data").textContent);
    const box = svg.getBoundingClientRect(), [left, right] = data.ends;
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

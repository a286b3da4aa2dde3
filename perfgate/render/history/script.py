"""The script of the page: it hides the pictures that are not asked for. Without it the page shows all of them."""

SCRIPT = """\
"use strict";
const $ = id => document.getElementById(id);
const cards = [...document.querySelectorAll("article")];
const texts = cards.map(card => card.querySelector("header").textContent.toLowerCase());
const form = $("choose"), words = $("words"), stepped = $("stepped"), shown = $("shown");
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
form.onsubmit = event => event.preventDefault();
form.oninput = update;
form.hidden = false;
update();
"""

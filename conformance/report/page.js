"use strict";
// The search and the copy buttons. All else on the page works without a script.
(() => {
  const box = document.querySelector("#search");
  const told = document.querySelector("#told");
  const entries = [...document.querySelectorAll(".r")];
  const groups = [...document.querySelectorAll(".group")];
  const texts = new Map();
  const opened = new Set();

  function textOf(entry) {
    if (!texts.has(entry)) texts.set(entry, entry.textContent.toLowerCase());
    return texts.get(entry);
  }

  function search() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const unmatched = entries.map((one) => !words.every((word) => textOf(one).includes(word)));
    entries.forEach((one, index) => one.classList.toggle("unmatched", unmatched[index]));
    groups.forEach((one) => one.classList.remove("unmatched"));
    // Computed here once more, because asking for styles takes seconds on a long page.
    const chosen = [...document.querySelectorAll(".filter :checked:not(.any)")];
    const classes = chosen.map((one) => one.id.replace("only-", ""));
    const shown = entries.filter((one, index) =>
      !unmatched[index] && classes.every((name) => one.classList.contains(name)));
    const full = new Set();
    for (const one of shown) {
      for (let group = one.closest(".group"); group; group = group.parentElement.closest(".group")) {
        full.add(group);
      }
    }
    for (const group of groups) {
      group.classList.toggle("unmatched", !full.has(group));
      if (group.tagName !== "DETAILS") continue;
      if (words.length && full.has(group) && !group.open) opened.add(group);
      if (opened.has(group)) group.open = words.length > 0;
      if (!words.length) opened.delete(group);
    }
    const count = (some) => some.filter((one) => !one.matches(".brief")).length;
    told.textContent = `${count(shown)} of ${count(entries)} entries are shown.`;
  }

  if (box) {
    box.closest("[hidden]").hidden = false;
    box.addEventListener("input", search);
    box.closest("section").addEventListener("change", search);
  }
  if (!navigator.clipboard) return;
  for (const script of document.querySelectorAll(".script")) {
    const button = document.createElement("button");
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(script.textContent);
      button.textContent = "Copied";
    });
    script.before(button);
  }
})();

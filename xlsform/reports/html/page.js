"use strict";
(() => {
  const form = document.getElementById("filter");
  const output = form.querySelector("output");
  let known = null;

  // Gathered only when first asked for, so that a large report opens without waiting.
  const files = () => known ??= [...document.querySelectorAll("details.file")].map((element) => ({
    element,
    status: element.closest("section").id,
    unit: element.dataset.unit,
    text: element.textContent.toLowerCase(),
    findings: [...element.querySelectorAll("li")],
  }));

  const apply = () => {
    const chosen = Object.fromEntries(new FormData(form));
    const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = chosen.severity !== "*" || chosen.code !== "*";
    const shown = {};
    let all = 0;
    for (const file of files()) {
      let fits = ["*", file.status].includes(chosen.status)
        && ["*", file.unit].includes(chosen.unit)
        && words.every((word) => file.text.includes(word));
      if (fits) {
        let some = false;
        for (const finding of file.findings) {
          const wanted = ["*", finding.className].includes(chosen.severity)
            && ["*", finding.firstChild.getAttribute("href").slice(1)].includes(chosen.code);
          finding.hidden = !wanted;
          some ||= wanted;
        }
        fits = some || !narrowed;
      }
      file.element.hidden = !fits;
      if (fits) {
        shown[file.status] = (shown[file.status] ?? 0) + 1;
        all += 1;
      }
    }
    for (const section of document.querySelectorAll("main > section")) {
      section.hidden = !shown[section.id];
      section.querySelector("small").textContent = shown[section.id] ?? 0;
    }
    output.textContent = output.dataset.text.replace("{shown}", all).replace("{files}", files().length);
  };

  const setOpen = (open) => {
    for (const file of files()) {
      if (!file.element.hidden) file.element.open = open;
    }
  };

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.getElementById("open").addEventListener("click", () => setOpen(true));
  document.getElementById("close").addEventListener("click", () => setOpen(false));
  form.hidden = false;

  // On paper nothing can be opened: what is shown is printed whole.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = files().filter((file) => !file.element.hidden && !file.element.open);
    for (const file of closed) file.element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const file of closed) file.element.open = false;
  });
})();

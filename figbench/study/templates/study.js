"use strict";
(() => {
  const study = JSON.parse(document.getElementById("study-data").textContent);
  const byId = (id) => document.getElementById(id);
  const pairwise = study.mode === "pairwise";
  const noun = pairwise ? "Comparison" : "Figure";
  const root = `figbench-study/${study.study}`;
  const storage = openStorage();
  let rater = "";
  let state = emptyState();
  let position = 0;
  let shownAt = 0;

  function openStorage() {
    try {
      localStorage.setItem(`${root}/probe`, "1");
      localStorage.removeItem(`${root}/probe`);
      return localStorage;
    } catch {
      byId("storage-warning").hidden = false;
      return null;
    }
  }

  function emptyState() { return { answers: {}, seconds: {}, position: 0 }; }

  function load(name) {
    try {
      const stored = JSON.parse(storage.getItem(`${root}/${name}`));
      if (stored && stored.answers && stored.seconds) return stored;
    } catch { /* no storage, or a damaged entry: begin anew */ }
    return emptyState();
  }

  function store() {
    if (!storage) return;
    try {
      storage.setItem(`${root}/${rater}`, JSON.stringify(state));
      storage.setItem(root, rater);
    } catch { byId("storage-warning").hidden = false; }
  }

  const trials = () => study.sessions[rater];
  const complete = (answers) => Boolean(answers) && study.questions.every((q) => q.id in answers);
  const answered = (name, saved) =>
    study.sessions[name].filter((id) => complete(saved.answers[id])).length;

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function show(id) {
    for (const name of ["start", "trial", "end"]) byId(name).hidden = name !== id;
    const busy = id !== "start";
    byId("progress-area").hidden = !busy;
    byId("save").hidden = id !== "trial";
    document.querySelector(".top-inner").classList.toggle("busy", busy);
    window.scrollTo(0, 0);
  }

  function updateProgress() {
    const done = answered(rater, state);
    byId("progress-text").textContent = `${done} of ${trials().length}`;
    byId("progress").max = trials().length;
    byId("progress").value = done;
  }

  function showStart() {
    byId("instructions").textContent = study.instructions;
    const names = Object.keys(study.sessions).sort();
    byId("rater").append(element("option", { value: "", textContent: "Choose" }));
    for (const name of names) byId("rater").append(element("option", { value: name, textContent: name }));
    const asked = new URLSearchParams(location.hash.slice(1)).get("rater");
    let last = null;
    try { last = storage && storage.getItem(root); } catch { last = null; }
    for (const name of [asked, last]) {
      if (names.includes(name)) { byId("rater").value = name; break; }
    }
    raterChanged();
    show("start");
  }

  function raterChanged() {
    const name = byId("rater").value;
    const facts = byId("facts");
    facts.replaceChildren();
    byId("resume").textContent = "";
    byId("begin").textContent = "Start";
    const longest = Math.max(...Object.values(study.sessions).map((ids) => ids.length));
    const count = name ? study.sessions[name].length : longest;
    const texts = [`${count} ${pairwise ? "comparisons" : "figures"}`];
    texts.push(study.questions.length === 1 ? "1 question each" : `${study.questions.length} questions each`);
    texts.push("Pause at any time");
    facts.append(...texts.map((textContent) => element("li", { textContent })));
    if (!name) return;
    const done = answered(name, load(name));
    if (done) {
      byId("resume").textContent = `${done} of ${count} answered in this browser.`;
      byId("begin").textContent = "Continue";
    }
  }

  function begin(event) {
    event.preventDefault();
    if (!byId("rater").value) return byId("rater").focus();
    rater = byId("rater").value;
    state = load(rater);
    store();
    const open = trials().findIndex((id) => !complete(state.answers[id]));
    if (open < 0) return showEnd();
    showTrial(open);
  }

  function showTrial(index) {
    position = index;
    const trial = study.trials[trials()[index]];
    byId("trial-heading").textContent = `${noun} ${index + 1} of ${trials().length}`;
    byId("caption").textContent = trial.caption || "No caption.";
    byId("figures").classList.toggle("single", trial.images.length === 1);
    byId("figures").replaceChildren(...trial.images.map(figure));
    byId("questions").replaceChildren(...study.questions.map(question));
    byId("missing").textContent = "";
    byId("back").disabled = index === 0;
    byId("next").textContent = index + 1 === trials().length ? "Finish" : "Next";
    updateProgress();
    mark();
    show("trial");
    byId("trial-heading").focus();
    shownAt = performance.now();
  }

  function figureName(index) {
    if (!pairwise) return "Figure";
    return `Figure ${"AB"[index]}`;
  }

  function figure(id, index) {
    const [width, height] = study.size;
    const image = element("img", { alt: "", width, height, src: study.images[id] });
    const button = element("button", { type: "button" }, image);
    button.setAttribute("aria-label", `Enlarge ${figureName(index).toLowerCase()}`);
    button.addEventListener("click", () => enlarge(index));
    const hint = element("span", { className: "enlarge", textContent: "Enlarge" });
    const label = element("span", { textContent: figureName(index) });
    return element("figure", {}, element("figcaption", {}, label, hint), button);
  }

  function choices() {
    if (pairwise) return [["left", "A is better"], ["tie", "No difference"], ["right", "B is better"]];
    return Array.from({ length: study.scale }, (_, k) => [k + 1, String(k + 1)]);
  }

  function question(q) {
    const current = (state.answers[trials()[position]] || {})[q.id];
    const set = element("fieldset", {}, element("legend", { textContent: q.text }));
    set.dataset.question = q.id;
    const row = element("div", { className: "options" });
    choices().forEach(([value, text], k) => {
      const input = element("input", { type: "radio", name: q.id, value: String(value), checked: value === current });
      if (!pairwise) {
        const ends = { 0: `, ${q.low}`, [study.scale - 1]: `, ${q.high}` };
        input.setAttribute("aria-label", `${text} of ${study.scale}${ends[k] || ""}`);
      }
      input.addEventListener("change", () => answer(q.id, value));
      const face = element("span", {}, text);
      if (pairwise) {
        const key = element("kbd", { textContent: String(k + 1) });
        key.setAttribute("aria-hidden", "true");
        face.prepend(key);
      }
      row.append(element("label", { className: "option" }, input, face));
    });
    set.append(row);
    if (!pairwise) {
      const ends = element("div", { className: "ends" }, element("span", { textContent: q.low }), element("span", { textContent: q.high }));
      ends.setAttribute("aria-hidden", "true");
      set.append(ends);
    }
    return set;
  }

  function answer(id, value) {
    const trial = trials()[position];
    state.answers[trial] = { ...state.answers[trial], [id]: value };
    byId("missing").textContent = "";
    store();
    updateProgress();
    mark();
  }

  function mark() {
    if (!pairwise || study.questions.length > 1) return;
    const chosen = Object.values(state.answers[trials()[position]] || {})[0];
    [...byId("figures").children].forEach((node, k) =>
      node.classList.toggle("chosen", chosen === ["left", "right"][k]));
  }

  function addTime() {
    const trial = trials()[position];
    const spent = (performance.now() - shownAt) / 1000;
    state.seconds[trial] = Math.round(((state.seconds[trial] || 0) + spent) * 10) / 10;
    shownAt = performance.now();
  }

  function next(event) {
    if (event) event.preventDefault();
    const given = state.answers[trials()[position]] || {};
    const open = study.questions.find((q) => !(q.id in given));
    if (open) {
      byId("missing").textContent = study.questions.length > 1 ? `Please answer: ${open.text}` : "Please choose an answer.";
      focusQuestion(open.id);
      return;
    }
    addTime();
    store();
    if (position + 1 < trials().length) return showTrial(position + 1);
    const gap = trials().findIndex((id) => !complete(state.answers[id]));
    if (gap >= 0) return showTrial(gap);
    showEnd();
  }

  function back() {
    if (position === 0) return;
    addTime();
    store();
    showTrial(position - 1);
  }

  function focusQuestion(id) {
    const set = byId("questions").querySelector(`fieldset[data-question="${CSS.escape(id)}"]`);
    (set.querySelector("input:checked") || set.querySelector("input")).focus();
  }

  function enlarge(index) {
    const id = study.trials[trials()[position]].images[index];
    if (!id) return;
    byId("zoom-image").src = study.images[id];
    byId("zoom-image").alt = figureName(index);
    byId("zoom").showModal();
  }

  function lines() {
    const rows = [];
    for (const trial of trials()) {
      for (const q of study.questions) {
        const given = (state.answers[trial] || {})[q.id];
        if (given === undefined) continue;
        rows.push({ study: study.study, rater, trial, question: q.id, answer: given, seconds: state.seconds[trial] || 0 });
      }
    }
    return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  }

  function download() {
    const url = URL.createObjectURL(new Blob([lines()], { type: "application/jsonl" }));
    const name = `answers-${study.study.slice(0, 8)}-${rater}.jsonl`;
    const link = element("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    byId("downloaded").textContent = `Saved as ${name}.`;
  }

  function showEnd() {
    const total = trials().length;
    byId("end-heading").textContent = "All done. Thank you!";
    byId("end-text").textContent = `You answered all ${total} ${pairwise ? "comparisons" : "figures"}. Download your answers and send the file to the organiser.`;
    byId("contact").hidden = !study.contact;
    byId("contact").textContent = study.contact;
    byId("raw").value = lines();
    updateProgress();
    show("end");
    byId("end-heading").focus();
  }

  function keyPressed(event) {
    if (byId("trial").hidden || byId("zoom").open) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const options = choices();
    if (/^[1-9]$/.test(key) && Number(key) <= options.length) return pick(Number(key) - 1, event);
    if (key === "b") return back();
    if (key === "z") return enlarge(0);
    if (key === "x" && pairwise) return enlarge(1);
    const onButton = document.activeElement && document.activeElement.tagName === "BUTTON";
    const inForm = document.activeElement && document.activeElement.closest("#answers");
    if (key === "enter" && !onButton && !inForm) next(event);
  }

  function pick(index, event) {
    event.preventDefault();
    const focused = document.activeElement && document.activeElement.closest("fieldset");
    const given = state.answers[trials()[position]] || {};
    const open = study.questions.find((q) => !(q.id in given));
    const id = focused ? focused.dataset.question : (open || study.questions[0]).id;
    const set = byId("questions").querySelector(`fieldset[data-question="${CSS.escape(id)}"]`);
    const input = set.querySelectorAll("input")[index];
    input.checked = true;
    input.focus();
    answer(id, choices()[index][0]);
    const left = study.questions.find((q) => !(q.id in state.answers[trials()[position]]));
    if (left) focusQuestion(left.id);
  }

  byId("rater").addEventListener("change", raterChanged);
  byId("start-form").addEventListener("submit", begin);
  byId("answers").addEventListener("submit", next);
  byId("back").addEventListener("click", back);
  byId("save").addEventListener("click", () => { addTime(); store(); download(); });
  byId("download").addEventListener("click", download);
  byId("review").addEventListener("click", () => showTrial(0));
  byId("zoom-close").addEventListener("click", () => byId("zoom").close());
  byId("zoom").addEventListener("click", (event) => { if (event.target === byId("zoom")) byId("zoom").close(); });
  document.addEventListener("keydown", keyPressed);
  showStart();
})();

/* Small comforts for the keyboard; every page works without them. */
(function () {
  "use strict";

  function visible(el) { return !el.disabled && el.type !== "hidden" && el.offsetParent !== null; }
  function typing(el) { return /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.isContentEditable; }
  function closeHow(except) {
    document.querySelectorAll("details.how[open], .who details[open]").forEach(function (d) {
      if (d !== except) d.removeAttribute("open");
    });
  }

  // "/" finds, F2 goes to the amount, F9 takes the page's main act, Alt+S saves, Esc closes, "?" shows the keys.
  document.addEventListener("keydown", function (event) {
    var el = event.target;
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") { closeHow(null); return; }
    if (event.key === "F2") { return jump(event, "[data-key='F2']", "focus"); }
    if (event.key === "F9") { return jump(event, "[data-key='F9']", "click"); }
    if (event.altKey && event.key.toLowerCase() === "s") { return jump(event, "[data-key='save']", "click"); }
    if (event.altKey || typing(el)) return;
    if (event.key === "/") { return jump(event, "#find", "focus"); }
    if (event.key === "?") { return jump(event, "#keys", "dialog"); }
  });

  function jump(event, selector, act) {
    var el = document.querySelector(selector);
    if (!el) return;
    event.preventDefault();
    if (act === "focus") { el.focus(); if (el.select) el.select(); }
    if (act === "click") el.click();
    if (act === "dialog" && el.showModal) el.showModal();
  }

  // Enter goes to the next field inside forms that ask for it; on the last one it submits as usual.
  document.addEventListener("keydown", function (event) {
    var el = event.target;
    if (event.key !== "Enter" || event.isComposing || !el.form || !el.form.hasAttribute("data-enter-next")) return;
    if (el.tagName === "TEXTAREA" || el.tagName === "BUTTON" || el.type === "submit") return;
    var fields = Array.prototype.filter.call(el.form.elements, visible);
    var next = fields[fields.indexOf(el) + 1];
    if (next) { event.preventDefault(); next.focus(); if (next.select && next.type !== "checkbox") next.select(); }
  });

  // Arrow keys and a pasted Excel column move down through inputs of one column.
  document.addEventListener("paste", function (event) {
    var el = event.target;
    if (!el.matches || !el.matches("input[data-column]")) return;
    var lines = (event.clipboardData.getData("text") || "").replace(/\r/g, "").replace(/\n$/, "").split("\n");
    if (lines.length < 2) return;
    event.preventDefault();
    var column = Array.prototype.slice.call(document.querySelectorAll("input[data-column='" + el.dataset.column + "']"));
    column.slice(column.indexOf(el)).forEach(function (input, i) { if (i < lines.length) input.value = lines[i].trim(); });
  });

  document.addEventListener("click", function (event) {
    var inside = event.target.closest ? event.target.closest("details.how, .who details") : null;
    closeHow(inside);
    var opener = event.target.closest ? event.target.closest("[data-dialog]") : null;
    var box = opener && document.getElementById(opener.dataset.dialog);
    if (box && box.showModal) { event.preventDefault(); box.showModal(); }
    var closer = event.target.closest ? event.target.closest("[data-close]") : null;
    if (closer && closer.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); }
  });

  // Select all on this page, with a running count.
  function count(form) {
    var ticks = form.querySelectorAll("input[name='unit']");
    var on = form.querySelectorAll("input[name='unit']:checked").length;
    var label = form.querySelector("[data-count]");
    var all = form.querySelector("[data-all]");
    if (label) label.textContent = label.dataset.count.replace("{n}", on);
    if (all) { all.checked = on > 0 && on === ticks.length; all.indeterminate = on > 0 && on < ticks.length; }
  }
  document.addEventListener("change", function (event) {
    var el = event.target, form = el.form;
    if (form && el.matches("[data-all]")) {
      form.querySelectorAll("input[name='unit']").forEach(function (tick) { tick.checked = el.checked; });
    }
    if (form && (el.name === "unit" || el.matches("[data-all]"))) count(form);
    if (form && el.matches("[data-submit]")) form.requestSubmit ? form.requestSubmit() : form.submit();
  });

  // A form is sent once: the second press of an impatient finger does nothing for three seconds.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 3000);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    document.querySelectorAll("form").forEach(function (form) { if (form.querySelector("[data-all]")) count(form); });
    var fault = document.querySelector(".is-invalid");
    if (fault) fault.focus();
  });
})();

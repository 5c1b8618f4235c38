/* Small comforts for the keyboard; every page works without them. */
(function () {
  "use strict";

  function visible(el) { return !el.disabled && el.type !== "hidden" && el.offsetParent !== null; }
  function typing(el) { return /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.isContentEditable; }
  function closeHow(except) {
    document.querySelectorAll("details.how[open], .who details[open], details.menu-drop[open]").forEach(function (d) {
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
    var inside = event.target.closest ? event.target.closest("details.how, .who details, details.menu-drop") : null;
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
    var again = form.hasAttribute("data-again") || (event.submitter && event.submitter.hasAttribute("data-again"));
    if (form.method !== "post" || again) return;
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

  // What says data-poll asks again while something is at work; an answer under the same id takes its place.
  // What says data-stream hears of it as it happens where the browser can, and asks again where that fails.
  function put(el, html) {
    var box = document.createElement("div");
    box.innerHTML = html;
    var fresh = el.id && box.firstElementChild && box.firstElementChild.id === el.id ? box.firstElementChild : null;
    if (fresh) { fresh.open = el.open; el.replaceWith(fresh); return fresh; }
    el.innerHTML = html;
    return el;
  }
  function hear(el) {
    var source = new EventSource(el.dataset.poll), url = el.dataset.poll, heard = false, reloads = "reload" in el.dataset;
    source.onmessage = function (event) { heard = true; el = put(el, event.data); };
    source.addEventListener("over", function (event) {
      source.close();
      if (reloads) location.reload(); else put(el, event.data);
    });
    source.onerror = function () {
      if (heard && source.readyState !== EventSource.CLOSED) return;
      source.close();
      el.dataset.poll = url;
      poll(el);
    };
    window.addEventListener("pagehide", function () { source.close(); });
  }
  function poll(el) {
    setTimeout(function () {
      if (!el.isConnected) return;
      fetch(el.dataset.poll, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) return;
        if (answer.headers.get("HX-Refresh")) { location.reload(); return; }
        return answer.text().then(function (html) {
          el = put(el, html);
          if (answer.headers.get("X-Poll") !== "stop" && el.dataset.poll) poll(el);
        });
      }).catch(function () { poll(el); });
    }, Number(el.dataset.every || 3000));
  }
  document.querySelectorAll("[data-poll]").forEach(function (el) {
    if ("stream" in el.dataset && window.EventSource) hear(el); else poll(el);
  });

  // The search shows its first hits while typing; Enter opens the one that is marked, at first the topmost.
  var find = document.getElementById("find"), found = document.getElementById("found"), asked = 0, wait = 0;
  function hits() { return found ? found.querySelectorAll("a") : []; }
  function mark(step) {
    var all = Array.prototype.slice.call(hits()), at = all.findIndex(function (a) { return a.classList.contains("is-on"); });
    if (!all.length) return;
    all.forEach(function (a) { a.classList.remove("is-on"); });
    all[(at + step + all.length) % all.length].classList.add("is-on");
  }
  function ask() {
    var text = find.value.trim(), mine = ++asked;
    if (!text) { found.hidden = true; return; }
    fetch("/search?q=" + encodeURIComponent(text), { headers: { "HX-Request": "true" }, credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (html) {
        if (mine !== asked || document.activeElement !== find) return;
        found.innerHTML = html;
        found.hidden = !html.trim();
        mark(1);
      }).catch(function () { found.hidden = true; });
  }
  if (find && found) {
    find.addEventListener("input", function () { clearTimeout(wait); asked++; found.innerHTML = ""; found.hidden = true; wait = setTimeout(ask, 180); });
    find.addEventListener("keydown", function (event) {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); }
      if (event.key === "Escape") { found.hidden = true; }
      var on = found.hidden ? null : found.querySelector("a.is-on");
      if (event.key === "Enter" && on) { event.preventDefault(); location.href = on.href; }
    });
    document.addEventListener("click", function (event) { if (!find.form.contains(event.target)) found.hidden = true; });
  }

  // Up and down go from line to line of a list.
  document.addEventListener("keydown", function (event) {
    if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || typing(event.target) || event.altKey || event.ctrlKey) return;
    var lines = Array.prototype.slice.call(document.querySelectorAll("main table.list tbody th a, main .hits a"));
    if (!lines.length || document.querySelector("dialog[open]")) return;
    var here = event.target.closest ? event.target.closest("tr, li") : null;
    var at = here ? lines.findIndex(function (a) { return here.contains(a); }) : -1;
    var next = lines[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (next && (at >= 0 || event.key === "ArrowDown")) { event.preventDefault(); next.focus(); }
  });

  // A line that offers to undo goes away by itself; what says data-print prints.
  document.querySelectorAll("[data-vanish]").forEach(function (el) { setTimeout(function () { el.remove(); }, Number(el.dataset.vanish)); });
  document.addEventListener("click", function (event) { if (event.target.closest && event.target.closest("[data-print]")) window.print(); });

  // In a plan of rooms the arrow keys go from room to room, over gaps; Tab and Enter do what they always do.
  document.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    var table = step && event.target.closest && event.target.closest("[data-rooms]");
    if (!table || event.ctrlKey || event.altKey || event.metaKey) return;
    var cell = event.target.closest("td");
    var rows = table.tBodies[0].rows, row = cell ? cell.parentNode.sectionRowIndex : -1, column = cell ? cell.cellIndex : -1;
    for (row += step[0], column += step[1]; rows[row] && rows[row].cells[column]; row += step[0], column += step[1]) {
      var room = rows[row].cells[column].querySelector("a.room");
      if (room) { room.focus(); event.preventDefault(); return; }
    }
  });

  // After a part of the list was fetched, export and print ask for what is on screen now.
  document.addEventListener("htmx:after:swap", carry);
  document.addEventListener("htmx:afterSwap", carry);
  function carry() {
    var tail = document.querySelector("[data-tail]");
    if (tail) document.querySelectorAll("[data-carry]").forEach(function (a) { a.href = a.dataset.carry + tail.dataset.tail; });
  }
})();

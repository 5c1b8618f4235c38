/* The counter's comforts: hits by digit or arrow, boxes and amount in step, the preview while somebody types. */
(function () {
  "use strict";

  // Hits: digits choose, arrows walk, from the room box or from the list itself.
  var picks = Array.prototype.slice.call(document.querySelectorAll("[data-picks] a"));
  var room = document.querySelector("[data-room]");
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    var at = picks.indexOf(document.activeElement), inRoom = document.activeElement === room;
    if (picks.length && (at >= 0 || inRoom) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      var to = at + (event.key === "ArrowDown" ? 1 : -1);
      if (to < 0) { room.focus(); room.select(); } else if (picks[to]) picks[to].focus();
    } else if (at >= 0 && /^[1-9]$/.test(event.key) && picks[event.key - 1]) {
      event.preventDefault();
      picks[event.key - 1].click();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open], details.how[open]")) {
      var back = document.querySelector("[data-esc]");
      if (back) back.click();
    }
  });
  if (picks.length) picks[0].focus();
  else if (room) { room.focus(); room.select(); }

  // The receipt that was just made opens inside the page; the room box keeps the keyboard for the next one.
  var paper = document.querySelector("[data-paper]");
  if (paper && room) paper.addEventListener("load", function () { room.focus(); });

  var form = document.querySelector("form[data-counter]");
  if (!form) return;
  var amount = form.querySelector("#amount"), kept = form.querySelector("[data-proposal]");
  var boxes = Array.prototype.slice.call(form.querySelectorAll("[data-box]"));
  var timer = null, asked = 0;
  if (amount && !document.querySelector(".is-invalid")) amount.select();

  function fen(text) {
    var plain = text.replace(/[,，\s¥￥元]/g, "");
    if (plain === "") return 0;
    return /^\d+(\.\d{1,2})?$/.test(plain) ? Math.round(parseFloat(plain) * 100) : NaN;
  }
  function later(wait) { clearTimeout(timer); timer = setTimeout(ask, wait); }
  function ask() {
    var mine = ++asked, body = new URLSearchParams(new FormData(form));
    body.set("act", "preview");
    fetch(form.dataset.counter, { method: "POST", body: body, headers: { "HX-Request": "true" } }).then(function (answer) {
      return answer.status === 200 || answer.status === 422 ? answer.text() : "";
    }).then(function (text) {
      if (mine === asked && text) show(text);
    }).catch(function () { /* the form itself still works */ });
  }
  function show(text) {
    var place = document.getElementById("preview");
    place.innerHTML = text;
    var told = place.querySelector("[data-shares]");
    if (!told) return;
    document.getElementById("capitals").textContent = told.dataset.capitals || "—";
    var shares = {};
    told.dataset.shares.trim().split(/\s+/).forEach(function (pair) {
      var parts = pair.split(":");
      if (parts[1]) shares[parts[0]] = parts[1];
    });
    if (boxes.indexOf(document.activeElement) < 0) {
      boxes.forEach(function (box) { box.value = shares[box.dataset.box] || ""; });
      kept.value = told.dataset.proposal;
    }
  }
  form.addEventListener("input", function (event) {
    if (boxes.indexOf(event.target) >= 0) {
      var sum = boxes.reduce(function (all, box) { return all + fen(box.value); }, 0);
      if (!isNaN(sum) && sum > 0) amount.value = (sum / 100).toFixed(2);
      kept.value = "";
      later(350);
    } else if (event.target === amount) {
      // A new amount is shared out anew.
      boxes.forEach(function (box) { box.value = ""; });
      kept.value = "";
      later(250);
    }
  });
  form.addEventListener("change", function (event) {
    if (event.target.name !== "part" && event.target !== amount) later(0);
  });
})();

// The cash that is counted: what each row and all of it come to, and how far that is from the books.
(function () {
  "use strict";
  var table = document.querySelector("[data-pieces]");
  if (!table) return;
  function yuan(fen) {
    var text = (Math.abs(fen) / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return fen < 0 ? "(" + text + ")" : text;
  }
  function sum() {
    var all = 0;
    table.querySelectorAll("[data-piece]").forEach(function (box) {
      var count = /^\d{0,5}$/.test(box.value.trim()) ? Number(box.value.trim() || 0) : 0;
      var fen = count * Number(box.dataset.piece);
      box.closest("tr").querySelector("[data-piece-sum]").textContent = count ? yuan(fen) : "";
      all += fen;
    });
    table.querySelector("[data-counted]").textContent = yuan(all);
    table.querySelector("[data-difference]").textContent = yuan(all - Number(table.dataset.pieces));
  }
  table.addEventListener("input", sum);
  sum();
})();

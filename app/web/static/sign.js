/* Signing on the screen: strokes as points with their times; without script the typed name and the tick do. */
(function () {
  "use strict";
  var pad = document.getElementById("pad"), field = document.getElementById("strokes");
  if (!pad || !field || !window.PointerEvent || !pad.getContext) return;
  document.documentElement.classList.add("js");
  var pen = pad.getContext("2d"), strokes = [], stroke = null, begun = 0, points = 0;
  pen.lineWidth = 4; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = "#000";

  function place(event) {
    var box = pad.getBoundingClientRect();
    var x = Math.round((event.clientX - box.left) * pad.width / box.width);
    var y = Math.round((event.clientY - box.top) * pad.height / box.height);
    return [Math.max(0, Math.min(pad.width, x)), Math.max(0, Math.min(pad.height, y)),
            Math.min(3600000, Math.round(event.timeStamp - begun))];
  }
  function keep() { field.value = points ? JSON.stringify(strokes) : ""; }
  pad.addEventListener("pointerdown", function (event) {
    if (strokes.length >= 200 || points >= 3900) return;
    event.preventDefault();
    if (pad.setPointerCapture) { try { pad.setPointerCapture(event.pointerId); } catch (fault) { /* a pointer that is gone */ } }
    if (!begun) begun = event.timeStamp;
    stroke = [place(event)]; strokes.push(stroke); points += 1;
    pen.beginPath(); pen.moveTo(stroke[0][0], stroke[0][1]);
  });
  pad.addEventListener("pointermove", function (event) {
    if (!stroke || points >= 3900) return;
    var at = place(event), last = stroke[stroke.length - 1];
    if (Math.abs(at[0] - last[0]) + Math.abs(at[1] - last[1]) < 3) return;
    stroke.push(at); points += 1;
    pen.lineTo(at[0], at[1]); pen.stroke();
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    pad.addEventListener(name, function () { stroke = null; keep(); });
  });
  document.getElementById("pad-clear").addEventListener("click", function () {
    strokes = []; stroke = null; points = 0; begun = 0; field.value = "";
    pen.clearRect(0, 0, pad.width, pad.height);
  });
})();

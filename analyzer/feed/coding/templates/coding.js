"use strict";
// Keys 1 to 9 press the buttons; U takes back. The page works without this.
const buttons = [...document.querySelectorAll("#code button")];
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key >= "1" && event.key <= "9") {
    const button = buttons[Number(event.key) - 1];
    if (button) button.click();
  } else if (event.key.toLowerCase() === "u") {
    const undo = document.querySelector("#undo");
    if (undo) undo.click();
  }
});
const rest = document.querySelector("[data-after]");
if (rest) {
  rest.disabled = true;
  setTimeout(() => { rest.disabled = false; rest.focus(); }, Number(rest.dataset.after) * 1000);
}

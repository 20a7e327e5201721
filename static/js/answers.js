/* Between question and answer another answer may have replaced the part that this one is for: it goes to what is there
   in its place. Otherwise htmx would put it, with the errors in it, where nobody sees it. */

document.addEventListener("htmx:beforeSend", ({ detail: answer }) => {
  answer.xhr.addEventListener("readystatechange", () => {
    if (!answer.target.isConnected) {
      answer.target = document.getElementById(answer.target.id) ?? answer.target;
    }
  });
});

// The player of a share: plays the songs of the list, one after the other.
"use strict";
(() => {
  const songs = [...document.querySelectorAll("a.song")];
  const player = document.querySelector(".player");
  const audio = player.querySelector("audio");
  const part = (name) => player.querySelector(`[data-${name}]`);
  const toggle = part("toggle");
  const seek = part("seek");
  const problem = part("problem");
  let current = -1;
  let isSeeking = false;

  function clock(seconds) {
    const whole = Math.max(0, Math.round(seconds || 0));
    const rest = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    if (minutes < 60) return `${minutes}:${rest}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
  }

  // a song that is converted while it is sent does not say how long it is
  function length() {
    return Number.isFinite(audio.duration) ? audio.duration : Number(songs[current].dataset.seconds);
  }

  function showTime() {
    if (current < 0 || isSeeking) return;
    seek.max = Math.max(1, Math.round(length()));
    seek.value = Math.round(audio.currentTime);
    seek.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(length())}`);
    part("at").textContent = clock(audio.currentTime);
    part("length").textContent = clock(length());
  }

  function showState() {
    player.classList.toggle("playing", !audio.paused);
    toggle.setAttribute("aria-label", audio.paused ? toggle.dataset.play : toggle.dataset.pause);
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = audio.paused ? "paused" : "playing";
  }

  function mark(number) {
    songs.forEach((song, at) => {
      song.closest("li").classList.toggle("current", at === number);
      if (at === number) song.setAttribute("aria-current", "true");
      else song.removeAttribute("aria-current");
    });
  }

  function tellSystem({ title, artist, album, cover }) {
    if (!("mediaSession" in navigator)) return;
    const artwork = [{ src: new URL(`${cover}?size=320`, location.href).href, sizes: "320x320" }];
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist, album, artwork });
  }

  function play(number) {
    current = number;
    const song = songs[number];
    const facts = song.dataset;
    mark(number);
    problem.hidden = true;
    player.hidden = false;
    part("title").textContent = facts.title;
    part("artist").textContent = facts.artist;
    part("cover").src = `${facts.cover}?size=96`;
    part("next").disabled = number === songs.length - 1;
    audio.src = song.href;
    tellSystem(facts);
    showTime();
    // a browser may want a click first: the button says how things are
    audio.play().catch(showState);
  }

  function move(step) {
    const number = current + step;
    if (number >= 0 && number < songs.length) play(number);
  }

  function back() {
    if (audio.currentTime > 3 || current === 0) audio.currentTime = 0;
    else move(-1);
  }

  // the element does not tell what the server said
  async function explain() {
    const failed = current;
    let reason = problem.dataset.problem;
    try {
      const answer = await fetch(songs[failed].href, { headers: { Range: "bytes=0-0" } });
      const isText = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
      if (!answer.ok && isText) reason = await answer.text();
    } catch {
      // the server is away: the sentence stays
    }
    if (failed !== current) return;
    problem.textContent = `${songs[failed].dataset.title}: ${reason}`;
    problem.hidden = false;
    showState();
  }

  document.querySelector("[data-plain]").remove();
  songs.forEach((song, number) => {
    song.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      play(number);
    });
  });
  document.querySelectorAll("[data-start]").forEach((button) => {
    button.hidden = songs.length === 0;
    button.addEventListener("click", () => play(0));
  });
  toggle.addEventListener("click", () => {
    if (audio.error) play(current);
    else if (audio.paused) audio.play().catch(showState);
    else audio.pause();
  });
  part("back").addEventListener("click", back);
  part("next").addEventListener("click", () => move(1));
  seek.addEventListener("input", () => {
    isSeeking = true;
    part("at").textContent = clock(Number(seek.value));
  });
  seek.addEventListener("change", () => {
    isSeeking = false;
    audio.currentTime = Number(seek.value);
  });
  for (const name of ["play", "pause", "playing"]) audio.addEventListener(name, showState);
  for (const name of ["timeupdate", "durationchange", "seeked"]) audio.addEventListener(name, showTime);
  audio.addEventListener("ended", () => move(1));
  audio.addEventListener("error", explain);
  if ("mediaSession" in navigator) {
    navigator.mediaSession.setActionHandler("previoustrack", back);
    navigator.mediaSession.setActionHandler("nexttrack", () => move(1));
  }
})();

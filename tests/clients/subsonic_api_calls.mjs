// Every call of the npm package subsonic-api, with what came of it as JSON on one line.
// node subsonic_api_calls.mjs MODULE '{"url", "user", "password", "key", "song", "other", "album", "artist"}'
const { default: SubsonicAPI } = await import(process.argv[2]);
const shop = JSON.parse(process.argv[3]);
const { song, other, album, artist } = shop;
const byPassword = new SubsonicAPI({ url: shop.url, auth: { username: shop.user, password: shop.password } });
const api = new SubsonicAPI({ url: shop.url, auth: { apiKey: shop.key } });

const found = {};
const keep = (name, value) => (found[name] ??= []).push(value);

async function call(name, args, of = api) {
  const answer = await of[name](args);
  if (answer instanceof Response) {
    const type = answer.headers.get("content-type");
    const body = type.startsWith("application/json") ? (await answer.json())["subsonic-response"] : null;
    keep(name, body ? body.error?.code ?? "ok" : `${type} ${(await answer.arrayBuffer()).byteLength > 0}`);
    return body;
  }
  keep(name, answer.error?.code ?? answer.status ?? "session");
  return answer;
}

found.baseURL = [api.baseURL()];
await call("navidromeSession", undefined, byPassword);
for (const of of [byPassword, api]) await call("ping", undefined, of);
const custom = await api.customJSON("getGenres", {});
keep("customJSON", custom.genres.genre[0].value);
await call("custom", "ping");
for (const name of ["getOpenSubsonicExtensions", "getLicense", "getMusicFolders", "getIndexes", "getGenres", "getArtists",
  "getVideos", "getNowPlaying", "getStarred", "getStarred2", "getPodcasts", "getNewestPodcasts", "refreshPodcasts",
  "getChatMessages", "getUsers", "getBookmarks", "getPlayQueue", "getScanStatus", "getRandomSongs"]) await call(name, {});
for (const name of ["getMusicDirectory", "getArtist", "getArtistInfo", "getArtistInfo2"]) await call(name, { id: artist });
for (const name of ["getAlbum", "getAlbumInfo", "getAlbumInfo2"]) await call(name, { id: album });
for (const name of ["getSong", "getSimilarSongs", "getSimilarSongs2", "getLyricsBySongId", "stream", "download",
  "getCoverArt", "star", "unstar", "hls", "getCaptions", "getVideoInfo"]) await call(name, { id: song });
await call("getTopSongs", { artist: "Ada" });
await call("getLyrics", { artist: "Ada", title: "x" });
await call("getAlbumList", { type: "newest" });
await call("getAlbumList2", { type: "newest" });
await call("getSongsByGenre", { genre: "Rock" });
await call("search2", { query: "song" });
await call("search3", { query: "song" });
await call("getAvatar", { username: shop.user });
await call("setRating", { id: song, rating: 4 });
await call("scrobble", { id: song, submission: false });
await call("reportPlayback", { mediaId: song, mediaType: "song", positionMs: 10, state: "playing" });
const list = (await call("createPlaylist", { name: "Mix", songId: [song] })).playlist.id;
await call("updatePlaylist", { playlistId: list, comment: "c", songIdToAdd: [other] });
keep("getPlaylist", (await api.getPlaylist({ id: list })).playlist.entry.map((each) => each.id).join());
await call("getPlaylists");
await call("deletePlaylist", { id: list });
const share = (await call("createShare", { id: [song, other], description: "d" })).shares.share[0].id;
await call("updateShare", { id: share, description: "e" });
await call("getShares");
await call("deleteShare", { id: share });
for (const name of ["createPodcastChannel"]) await call(name, { url: "https://example.org/" });
for (const name of ["deletePodcastChannel", "deletePodcastEpisode", "downloadPodcastEpisode", "getPodcastEpisode"]) {
  await call(name, { id: "1" });
}
await call("jukeboxControl", { action: "get" });
await call("createInternetRadioStation", { name: "R", streamUrl: "https://radio.example/1" });
const radio = (await call("getInternetRadioStations")).internetRadioStations.internetRadioStation[0].id;
await call("updateInternetRadioStation", { id: radio, name: "S", streamUrl: "https://radio.example/2" });
await call("deleteInternetRadioStation", { id: radio });
await call("addChatMessage", { message: "hello" });
await call("createUser", { username: "eve", password: "a long password", email: "eve@example.org" });
await call("updateUser", { username: "eve", password: "another password", email: "e@example.org" });
await call("changePassword", { username: "eve", password: "one more password" });
await call("getUser", { username: "eve" });
await call("deleteUser", { username: "eve" });
await call("createBookmark", { id: song, position: 500 });
await call("deleteBookmark", { id: song });
await call("savePlayQueue", { id: [song, other], current: other, position: 7 });
await call("startScan", {});
const offered = Object.getOwnPropertyNames(SubsonicAPI.prototype).filter((name) => name !== "constructor");
console.log(JSON.stringify({ found, left: offered.filter((name) => !(name in found)) }));

// The light build is the same player without subtitles, other sound tracks and DRM.
declare module "hls.js/light" {
  export { default } from "hls.js";
}

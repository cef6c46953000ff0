import { describe, expect, it, vi } from "vitest";
import { ApiClient, ApiError, liveUrl, pictureUrl, playlistUrl, thumbnailUrl } from "./api";

const SESSION = {
  user: { username: "ann", role: "admin" },
  must_change_password: false,
  csrf_token: "token-1",
};

interface Call {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
}

const json = (body: unknown, status = 200, type = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
const problem = (status: number, detail: string, slug = "x") =>
  json(
    { type: `urn:itscam:problem:${slug}`, title: "T", status, detail, instance: "/" },
    status,
    "application/problem+json",
  );

/** A client whose server gives these answers in turn. */
function clientOf(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const fetch = vi.fn(async (input: unknown, init?: RequestInit) => {
    calls.push({
      url: String(input),
      method: init?.method ?? "GET",
      headers: (init?.headers ?? {}) as Record<string, string>,
      body: String(init?.body ?? ""),
    });
    const answer = answers.shift() ?? json({});
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const onUnauthorized = vi.fn();
  const onPasswordDue = vi.fn();
  const client = new ApiClient({
    fetch: fetch as unknown as typeof globalThis.fetch,
    onUnauthorized,
    onPasswordDue,
  });
  return { client, calls, onUnauthorized, onPasswordDue };
}

describe("ApiClient", () => {
  it("sends the session's CSRF token with every change, and not with reads", async () => {
    const { client, calls } = clientOf(
      json(SESSION),
      json({ items: [] }),
      json({ ...SESSION, csrf_token: "token-2" }),
      new Response(null, { status: 204 }),
    );
    await client.login("ann", "secret");
    await client.cameras();
    await client.changePassword("secret", "better");
    await client.logout();
    expect(calls.map((c) => [c.method, c.url, c.headers["X-CSRF-Token"]])).toEqual([
      ["POST", "/api/v1/auth/login", ""],
      ["GET", "/api/v1/cameras", undefined],
      ["POST", "/api/v1/auth/password", "token-1"],
      ["POST", "/api/v1/auth/logout", "token-2"],
    ]);
    expect(calls[2]?.body).toBe('{"current":"secret","new":"better"}');
  });

  it("tells a problem in the words of its detail", async () => {
    const { client } = clientOf(problem(404, "There is no camera with this id."));
    await expect(client.status("x")).rejects.toMatchObject({
      name: "ApiError",
      status: 404,
      message: "There is no camera with this id.",
    });
  });

  it.each([
    ["a problem without detail", json({ title: "Too busy" }, 503), "Too busy"],
    ["no JSON at all", new Response("<h1>Bad gateway</h1>", { status: 502 }), "502"],
    ["JSON that is no object", json(null, 500), "500"],
    ["a detail that is no text", json({ detail: { a: 1 }, title: "Odd" }, 400), "Odd"],
  ])("still says something for %s", async (_name, answer, expected) => {
    const { client } = clientOf(answer);
    await expect(client.cameras()).rejects.toThrow(expected);
  });

  it("says that the server can't be reached", async () => {
    const { client, onUnauthorized } = clientOf(new TypeError("Failed to fetch"));
    await expect(client.cameras()).rejects.toMatchObject({ status: 0 });
    expect(onUnauthorized).not.toHaveBeenCalled();
  });

  it("says when the answer is not ours", async () => {
    const { client } = clientOf(new Response("<html>", { status: 200 }));
    await expect(client.cameras()).rejects.toBeInstanceOf(ApiError);
  });

  it("passes an abort on as it is", async () => {
    const abort = new AbortController();
    abort.abort();
    const { client } = clientOf(new DOMException("aborted", "AbortError"));
    await expect(client.cameras(abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("leads to the log-in page when the session is gone", async () => {
    const { client, onUnauthorized } = clientOf(problem(401, "Log in."));
    await expect(client.cameras()).rejects.toThrow("Log in.");
    expect(onUnauthorized).toHaveBeenCalledOnce();
  });

  it("does not take a wrong password for a lost session", async () => {
    const { client, onUnauthorized } = clientOf(problem(401, "Wrong."), problem(401, "Wrong."));
    await expect(client.login("ann", "x")).rejects.toThrow("Wrong.");
    await expect(client.changePassword("x", "y")).rejects.toThrow("Wrong.");
    expect(onUnauthorized).not.toHaveBeenCalled();
  });

  it("leads to the password page when a password is due, and only then", async () => {
    const { client, onPasswordDue } = clientOf(
      problem(403, "Not for viewers.", "forbidden"),
      problem(403, "Set a password first.", "password-change-required"),
    );
    await expect(client.cameras()).rejects.toThrow("Not for viewers.");
    expect(onPasswordDue).not.toHaveBeenCalled();
    await expect(client.cameras()).rejects.toThrow("Set a password first.");
    expect(onPasswordDue).toHaveBeenCalledOnce();
  });

  it("leaves empty filters out and escapes the rest", async () => {
    const { client, calls } = clientOf(json({ items: [], next_cursor: null }));
    await client.events({ camera: "a&b", kind: "", limit: 50, cursor: undefined });
    expect(calls[0]?.url).toBe("/api/v1/events?camera=a%26b&limit=50");
  });

  it("escapes ids in paths", async () => {
    const { client, calls } = clientOf();
    await client.status("../auth/logout");
    expect(calls[0]?.url).toBe("/api/v1/cameras/..%2Fauth%2Flogout/status");
  });

  it("asks for a camera's time line", async () => {
    const { client, calls } = clientOf(json({ stretches: [] }));
    await client.timeline("a/b", new Date(0), new Date(60_000), 12);
    expect(calls[0]?.url).toBe(
      "/api/v1/cameras/a%2Fb/timeline?since=1970-01-01T00%3A00%3A00.000Z" +
        "&until=1970-01-01T00%3A01%3A00.000Z&buckets=12",
    );
  });
});

describe("addresses", () => {
  it("uses wss on a secure page", () => {
    expect(liveUrl("a/b", { protocol: "https:", host: "site:8443" })).toBe(
      "wss://site:8443/api/v1/cameras/a%2Fb/live",
    );
    expect(liveUrl("gate", { protocol: "http:", host: "site" })).toMatch(/^ws:\/\/site\//);
  });

  it("names playlists and pictures by camera and time", () => {
    const span = { startMs: 0, endMs: 1000 };
    expect(playlistUrl("a/b", span, true)).toBe(
      "/api/v1/cameras/a%2Fb/playlist.m3u8?since=1970-01-01T00%3A00%3A00.000Z" +
        "&until=1970-01-01T00%3A00%3A01.000Z&keys_only=1",
    );
    expect(pictureUrl("gate", 40)).toBe(
      "/api/v1/cameras/gate/picture?at=1970-01-01T00%3A00%3A00.040Z",
    );
    expect(thumbnailUrl("gate", 0, 240)).toMatch(/\/thumbnail\?at=.*&width=240$/);
  });
});

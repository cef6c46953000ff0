import { useEffect, useRef, useState } from "react";
import type { User } from "../api";
import type { PageName } from "../router";
import { hrefOf, navigate } from "../router";
import { useSession } from "../session";
import { text } from "../text";

const LINKS: readonly { page: PageName; label: string }[] = [
  { page: "live", label: text.nav.live },
  { page: "playback", label: text.nav.playback },
  { page: "traffic", label: text.nav.traffic },
  { page: "incidents", label: text.nav.incidents },
  { page: "events", label: text.nav.events },
  { page: "models", label: text.nav.models },
  { page: "storage", label: text.nav.storage },
  { page: "system", label: text.nav.system },
];

export function Header({ user, page }: { user: User; page: PageName }) {
  const current = page === "camera" || page === "scene" ? "live" : page;
  return (
    <header className="header">
      <a className="header__brand" href={hrefOf("live")}>
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span>{text.product}</span>
      </a>
      <nav className="header__nav" aria-label={text.nav.label}>
        {LINKS.map((link) => (
          <a
            key={link.page}
            href={hrefOf(link.page)}
            aria-current={link.page === current ? "page" : undefined}
          >
            {link.label}
          </a>
        ))}
      </nav>
      <UserMenu user={user} />
    </header>
  );
}

function UserMenu({ user }: { user: User }) {
  const { logout } = useSession();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    const onLeave = () => setOpen(false);
    addEventListener("hashchange", onLeave);
    return () => {
      removeEventListener("hashchange", onLeave);
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  return (
    <div className="menu" ref={root}>
      <button
        ref={button}
        type="button"
        className="menu__button"
        aria-expanded={open}
        aria-controls="user-menu"
        data-testid="user-menu"
        onClick={() => setOpen(!open)}
      >
        <span className="menu__initial" aria-hidden="true">
          {user.username.charAt(0).toUpperCase()}
        </span>
        <span className="menu__name">{user.username}</span>
        <span className="visually-hidden">{text.nav.account}</span>
      </button>
      {open && (
        <div className="menu__list" id="user-menu">
          <p className="menu__who">
            {user.username}
            <span>{user.role}</span>
          </p>
          <button
            type="button"
            onClick={() => {
              setOpen(false);
              navigate(hrefOf("password"));
            }}
          >
            {text.nav.changePassword}
          </button>
          {/* Whatever the server says, this browser is logged out. */}
          <button type="button" data-testid="logout" onClick={() => logout().catch(() => {})}>
            {text.nav.logOut}
          </button>
        </div>
      )}
    </div>
  );
}

// A small store on the device that outlives the page: one table of an IndexedDB, by key. Where a browser
// keeps nothing (a private window, a full disk), the page's own memory has to do.

const DATABASE = "fenghuo";
const TABLE = "outbox";

/** The store; `lasting` is false where it lives only as long as the page. */
export async function keeping() {
  try {
    return new Lasting(await opened());
  } catch {
    return new Passing();
  }
}

class Lasting {
  constructor(database) {
    this.lasting = true;
    this.database = database;
  }

  put(entry) {
    return this.ask("readwrite", (table) => table.put(entry));
  }

  drop(key) {
    return this.ask("readwrite", (table) => table.delete(key));
  }

  all() {
    return this.ask("readonly", (table) => table.getAll());
  }

  ask(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(TABLE, mode, {
        durability: "strict",
      });
      const request = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

class Passing {
  constructor() {
    this.lasting = false;
    this.entries = new Map();
  }

  async put(entry) {
    this.entries.set(entry.key, entry);
  }

  async drop(key) {
    this.entries.delete(key);
  }

  async all() {
    return [...this.entries.values()];
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(TABLE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

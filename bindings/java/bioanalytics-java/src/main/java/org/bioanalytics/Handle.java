// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.lang.ref.Cleaner;

/**
 * A native object. {@link #close} gives it back, and so does the garbage collector; closing twice is harmless, any use
 * after it is an {@link IllegalStateException}, and a call that is running in another thread ends as usual first.
 * Handles cannot be serialised: send {@link ModelBytes}, or what {@link Partial#save} and the like give.
 */
public abstract class Handle implements AutoCloseable {
  static final String COPIED = "a native object does not go through a serialiser: send its bytes";

  // Transient, so that a serialiser that asks nobody makes an object that refuses all calls.
  private final transient Context context;
  private final transient Resource resource;
  private final transient Cleaner.Cleanable cleanable;

  /** The context and the parents have been held for it, by {@link Context#make}, {@link #kept} or {@link #hold}. */
  Handle(Context context, int kind, long pointer, Handle... parents) {
    Resource[] kept = new Resource[parents.length + 1];
    kept[0] = context.resource();
    for (int i = 0; i < parents.length; i++) {
      kept[i + 1] = parents[i].resource;
    }
    this.context = context;
    this.resource = new Resource(kind, pointer, kept);
    this.cleanable = resource.watch(this);
  }

  /** The context that it was made from. */
  final Context context() {
    if (context == null) {
      throw new IllegalStateException(COPIED);
    }
    return context;
  }

  /** For a handle of the same context, made by a call on this one. */
  final long kept(long pointer) {
    context.resource().retain();
    return pointer;
  }

  /** The native context, for messages; alive as long as this object is held. */
  final long contextPointer() {
    return context.pointer();
  }

  /** Waits for other calls in the same context; until {@link #leave} nobody else is inside. */
  final long enter() {
    context().lock().lock();
    try {
      return hold();
    } catch (RuntimeException error) {
      context.lock().unlock();
      throw error;
    }
  }

  final void leave() {
    resource.letGo();
    context.lock().unlock();
  }

  /** For what any thread may read: alive until {@link #letGo}. */
  final long hold() {
    if (resource == null) {
      throw new IllegalStateException(COPIED);
    }
    if (!resource.hold()) {
      String name = getClass().getSimpleName();
      throw new IllegalStateException("the " + Character.toLowerCase(name.charAt(0)) + name.substring(1) + " is closed");
    }
    return resource.pointer();
  }

  /** For a child, which keeps it alive whether it is closed or not. */
  final long pointerForChild() {
    return resource.pointer();
  }

  final void letGo() {
    resource.letGo();
  }

  /** Whether the call that entered is alone with it, so that no other object needs it as it is. */
  final boolean alone() {
    return resource.heldBy(1);
  }

  /** For an argument that has to be of the same context, whose calls go one by one. */
  final void mustShare(Handle other) {
    if (context() != other.context()) {
      throw new IllegalArgumentException("objects of two contexts: expected those of one");
    }
  }

  public final boolean isClosed() {
    return resource == null || resource.isClosed();
  }

  @Override
  public void close() {
    if (cleanable != null) {
      cleanable.clean();
    }
  }
}

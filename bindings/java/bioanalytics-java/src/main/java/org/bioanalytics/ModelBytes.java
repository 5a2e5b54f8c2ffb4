// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Objects;

/**
 * The bytes of a model file as a value: it goes through serialisers, Java's and Kryo, where a {@link Model} does not.
 * Its digest, SHA-256, says which model it is, and is compared whenever the bytes are read.
 */
public final class ModelBytes implements Serializable {
  private static final long serialVersionUID = 1;

  private final byte[] bytes;
  private final byte[] digest;

  /** For serialisers that fill the fields in afterwards. */
  private ModelBytes() {
    bytes = new byte[0];
    digest = new byte[0];
  }

  private ModelBytes(byte[] bytes) {
    this.bytes = bytes;
    this.digest = sha256(bytes);
  }

  /** A copy of these bytes; whether they are a model {@link Model#of} will say. */
  public static ModelBytes of(byte[] bytes) {
    return new ModelBytes(Objects.requireNonNull(bytes, "bytes").clone());
  }

  /** A copy of the bytes. */
  public byte[] bytes() {
    return checked().clone();
  }

  public int length() {
    return bytes.length;
  }

  /** SHA-256 of the bytes as 64 digits. */
  public String digest() {
    StringBuilder text = new StringBuilder();
    for (byte b : digest) {
      text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
    }
    return text.toString();
  }

  /** The bytes themselves, as the digest says. */
  byte[] checked() {
    if (!MessageDigest.isEqual(sha256(bytes), digest)) {
      throw new BioAnalyticsException(-303, "the bytes of a model are not those of its digest", -1, -1);
    }
    return bytes;
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException("every Java has SHA-256", error);
    }
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    if (bytes == null || digest == null || !MessageDigest.isEqual(sha256(bytes), digest)) {
      throw new InvalidObjectException("the bytes of a model are not those of its digest");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelBytes && Arrays.equals(digest, ((ModelBytes) other).digest)
        && Arrays.equals(bytes, ((ModelBytes) other).bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(digest);
  }

  @Override
  public String toString() {
    return "ModelBytes(" + bytes.length + " bytes, SHA-256 " + digest() + ")";
  }
}

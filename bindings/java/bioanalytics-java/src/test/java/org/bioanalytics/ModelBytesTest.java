// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.objenesis.strategy.StdInstantiatorStrategy;

/** Model bytes go through serialisers; handles do not. */
class ModelBytesTest {
  private static final byte[] FILE = Made.bytes(Made.model());

  private static byte[] written(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    return bytes.toByteArray();
  }

  private static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return in.readObject();
    }
  }

  /** As Spark makes it. */
  private static Kryo kryo() {
    Kryo kryo = new Kryo();
    kryo.setInstantiatorStrategy(new StdInstantiatorStrategy());
    kryo.setRegistrationRequired(false);
    return kryo;
  }

  private static byte[] kryoWritten(Kryo kryo, Object value) {
    Output out = new Output(64, -1);
    kryo.writeClassAndObject(out, value);
    return out.toBytes();
  }

  private static int find(byte[] whole, byte[] part) {
    for (int i = 0; i + part.length <= whole.length; i++) {
      if (Arrays.equals(Arrays.copyOfRange(whole, i, i + part.length), part)) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  @Test
  void values() throws Exception {
    ModelBytes one = ModelBytes.of(FILE);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(FILE);
    StringBuilder text = new StringBuilder();
    for (byte b : digest) {
      text.append(String.format("%02x", b));
    }
    assertEquals(text.toString(), one.digest());
    assertEquals(FILE.length, one.length());
    assertEquals(one, ModelBytes.of(FILE));
    assertEquals(one.hashCode(), ModelBytes.of(FILE).hashCode());
    assertNotEquals(one, ModelBytes.of(new byte[3]));
    byte[] copy = one.bytes();
    copy[0] ^= 1;
    assertArrayEquals(FILE, one.bytes());
    try (Context context = new Context(); Model model = Model.of(context, one)) {
      assertEquals(one, model.toBytes());
    }
  }

  @Test
  void javaSerialisation() throws Exception {
    ModelBytes one = ModelBytes.of(FILE);
    byte[] stream = written(one);
    assertEquals(one, read(stream));
    stream[find(stream, Arrays.copyOfRange(FILE, 200, 300)) + 50] ^= 1;
    assertThrows(InvalidObjectException.class, () -> read(stream));
  }

  @Test
  void kryoSerialisation() {
    ModelBytes one = ModelBytes.of(FILE);
    for (Kryo kryo : new Kryo[] {kryo(), new Kryo()}) {
      byte[] stream = kryoWritten(kryo, one);
      ModelBytes found = (ModelBytes) kryo.readClassAndObject(new Input(stream));
      assertEquals(one, found);
      stream[find(stream, Arrays.copyOfRange(FILE, 200, 300)) + 50] ^= 1;
      ModelBytes wrong = (ModelBytes) kryo.readClassAndObject(new Input(stream));
      try (Context context = new Context()) {
        assertEquals("BA_ERR_CORRUPT",
            assertThrows(BioAnalyticsException.class, () -> Model.of(context, wrong)).status());
        assertEquals(one, Model.of(context, found).toBytes());
      }
    }
  }

  @Test
  void handlesDoNotGoThroughSerialisers() throws Exception {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      for (Object handle : new Object[] {context, model, scorer}) {
        assertThrows(NotSerializableException.class, () -> written(handle));
      }
      Kryo kryo = kryo(); // which asks nobody
      byte[] stream = kryoWritten(kryo, model);
      Model copy = (Model) kryo.readClassAndObject(new Input(stream));
      IllegalStateException error = assertThrows(IllegalStateException.class, copy::toBytes);
      assertTrue(error.getMessage().contains("serialiser"));
      assertThrows(IllegalStateException.class, () -> new Scorer(context, copy));
      Context other = (Context) kryo.readClassAndObject(new Input(kryoWritten(kryo, context)));
      assertThrows(IllegalStateException.class, () -> Model.load(other, Made.model()));
      assertThrows(IllegalStateException.class, other::cancel);
      assertTrue(copy.isClosed() && other.isClosed());
      copy.close();
      other.close();
    }
  }

  /** Every byte of a model file is under a checksum. */
  @Test
  void damagedModels() {
    try (Context context = new Context()) {
      for (int i = 0; i < FILE.length; i += 1 + i / 50) {
        byte[] damaged = FILE.clone();
        damaged[i] ^= (byte) (1 << i % 8);
        ModelBytes bytes = ModelBytes.of(damaged);
        BioAnalyticsException error = assertThrows(BioAnalyticsException.class, () -> Model.of(context, bytes));
        assertTrue(error.code() <= -501 && error.code() >= -502, error.getMessage());
      }
      for (int length : new int[] {0, 1, 63, 64, FILE.length / 2, FILE.length - 1}) {
        ModelBytes cut = ModelBytes.of(Arrays.copyOf(FILE, length));
        assertThrows(BioAnalyticsException.class, () -> Model.of(context, cut));
      }
      ModelBytes text = ModelBytes.of("no model".getBytes(StandardCharsets.US_ASCII));
      assertEquals("BA_ERR_MODEL", assertThrows(BioAnalyticsException.class, () -> Model.of(context, text)).status());
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class,
          () -> Model.load(context, Made.write(Made.folder().resolve("no.ba"), "no model")));
      assertTrue(error.file().endsWith("no.ba"));
    }
  }
}

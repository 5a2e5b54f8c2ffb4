// SPDX-License-Identifier: MIT
import java.util.Arrays;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/** What a user would write in Java: the same scores, from the bytes of the column, inside generated code. */
public final class Peers implements FunctionCatalog {
  static final byte[] CODES = new byte[256];

  static {
    Arrays.fill(CODES, (byte) -1);
    for (int i = 0; i < 8; i++) {
      CODES["ACGTacgt".charAt(i)] = (byte) (i % 4);
    }
  }

  private String name;

  @Override
  public void initialize(String catalog, CaseInsensitiveStringMap options) {
    name = catalog;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) {
    return new Identifier[] {Identifier.of(namespace, "k6"), Identifier.of(namespace, "motif")};
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) {
    ScalarFunction<Double> function = identifier.name().equals("k6") ? new K6() : new Motif();
    return new UnboundFunction() {
      @Override
      public BoundFunction bind(StructType types) {
        return function;
      }

      @Override
      public String description() {
        return name();
      }

      @Override
      public String name() {
        return function.name();
      }
    };
  }

  private abstract static class Score implements ScalarFunction<Double> {
    @Override
    public DataType[] inputTypes() {
      return new DataType[] {DataTypes.StringType};
    }

    @Override
    public DataType resultType() {
      return DataTypes.DoubleType;
    }

    @Override
    public boolean isResultNullable() {
      return false;
    }

    @Override
    public String name() {
      return getClass().getSimpleName();
    }

    @Override
    public String canonicalName() {
      return "peers." + name();
    }
  }

  static byte[] array(UTF8String text) {
    return text.getBaseObject() instanceof byte[] ? (byte[]) text.getBaseObject() : text.getBytes();
  }

  static int from(UTF8String text) {
    return text.getBaseObject() instanceof byte[] ? (int) (text.getBaseOffset() - Platform.BYTE_ARRAY_OFFSET) : 0;
  }

  /** Shares of the words of 6 letters. */
  public static final class K6 extends Score {
    static double[] weights;
    static double intercept;

    public static double invoke(UTF8String text) {
      return score(array(text), from(text), text.numBytes());
    }

    static double score(byte[] letters, int from, int length) {
      double[] w = weights;
      byte[] codes = CODES;
      int code = 0;
      int known = 0;
      int count = 0;
      double sum = 0;
      for (int i = from; i < from + length; i++) {
        int letter = codes[letters[i] & 255];
        if (letter < 0) {
          known = 0;
          continue;
        }
        code = (code << 2 | letter) & 4095;
        if (++known >= 6) {
          sum += w[code];
          count++;
        }
      }
      return intercept + (count > 0 ? sum / count : 0);
    }
  }

  /** Canonical words of 3 to 10 letters: roots of counts, each k divided by its norm. */
  public static final class Motif extends Score {
    static final int LEAST = 3;
    static final int MOST = 10;
    /** By k, and the code of a word or its reverse complement. */
    static double[][] weights;
    static double intercept;
    private static final double[] ROOTS = new double[1024];
    private static final ThreadLocal<int[][]> COUNTS = ThreadLocal.withInitial(() -> {
      int[][] counts = new int[MOST + 1][];
      for (int k = LEAST; k <= MOST; k++) {
        counts[k] = new int[1 << 2 * k];
      }
      return counts;
    });

    static {
      for (int i = 1; i < ROOTS.length; i++) {
        ROOTS[i] = Math.sqrt(i) - Math.sqrt(i - 1);
      }
    }

    public static double invoke(UTF8String text) {
      byte[] letters = array(text);
      int from = from(text);
      int length = text.numBytes();
      double score = intercept;
      for (int k = LEAST; k <= MOST; k++) {
        score += of(k, letters, from, length, COUNTS.get()[k], weights[k]);
      }
      return score;
    }

    private static double of(int k, byte[] letters, int from, int length, int[] counts, double[] w) {
      int mask = (1 << 2 * k) - 1;
      int top = 2 * (k - 1);
      int forward = 0;
      int reverse = 0;
      int known = 0;
      int words = 0;
      double sum = 0;
      for (int i = from; i < from + length; i++) {
        int letter = CODES[letters[i] & 255];
        known = letter < 0 ? 0 : known + 1;
        forward = (forward << 2 | letter & 3) & mask;
        reverse = reverse >>> 2 | (3 - (letter & 3)) << top;
        if (known >= k) {
          int code = Math.min(forward, reverse);
          sum += w[code] * ROOTS[++counts[code]];
          words++;
        }
      }
      known = 0;
      for (int i = from; i < from + length; i++) {
        int letter = CODES[letters[i] & 255];
        known = letter < 0 ? 0 : known + 1;
        forward = (forward << 2 | letter & 3) & mask;
        reverse = reverse >>> 2 | (3 - (letter & 3)) << top;
        if (known >= k) {
          counts[Math.min(forward, reverse)] = 0;
        }
      }
      return words == 0 ? 0 : sum / Math.sqrt(words);
    }
  }
}

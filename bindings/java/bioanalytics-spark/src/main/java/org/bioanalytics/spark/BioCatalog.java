// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Functions for sequences in SQL, set up by configuration alone:
 *
 * <pre>
 * spark.sql.catalog.bio                  org.bioanalytics.spark.BioCatalog
 * spark.sql.catalog.bio.models.promoter  hdfs:///models/promoter.ba
 * spark.sql.catalog.bio.memory           256m
 *
 * SELECT bio.score('promoter', seq), bio.models.promoter(seq), bio.probabilities('promoter', seq),
 *        bio.kmers(seq, 6), bio.gc(seq), bio.revcomp(seq) FROM reads
 * </pre>
 *
 * <p>They run inside the code that Spark generates, on the bytes of the column; null gives null. A model is read on the
 * driver when a function first needs it, and once a session; settings that a session is given later count as well.
 */
public final class BioCatalog implements FunctionCatalog {
  private static final String MODELS = "models";
  private static final DataType STRING = DataTypes.StringType;
  private static final List<DataType> SMALL =
      List.of(DataTypes.IntegerType, DataTypes.ShortType, DataTypes.ByteType);

  private String name;
  private Map<String, String> atStart;
  private Map<String, String> loaded;
  private Models models;

  @Override
  public void initialize(String catalog, CaseInsensitiveStringMap settings) {
    name = catalog;
    atStart = settings.asCaseSensitiveMap();
  }

  private Map<String, String> options() {
    Map<String, String> options = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    options.putAll(atStart);
    options.putAll(ModelFiles.settings(SparkSession.active(), name));
    return options;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) throws NoSuchNamespaceException {
    if (namespace.length == 0) {
      return identifiers(namespace, "gc", "kmers", "probabilities", "revcomp", "score");
    }
    if (isModels(namespace)) {
      return identifiers(namespace, ModelFiles.named(options()).keySet().toArray(new String[0]));
    }
    throw new NoSuchNamespaceException(namespace);
  }

  private static Identifier[] identifiers(String[] namespace, String... names) {
    return Arrays.stream(names).map(each -> Identifier.of(namespace, each)).toArray(Identifier[]::new);
  }

  private static boolean isModels(String[] namespace) {
    return namespace.length == 1 && namespace[0].equalsIgnoreCase(MODELS);
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
    String function = identifier.name();
    if (isModels(identifier.namespace()) && ModelFiles.named(options()).containsKey(function)) {
      return new Unbound(
          MODELS + "." + function, "the score of a sequence", () -> of(models().named(function)), STRING);
    }
    if (identifier.namespace().length == 0) {
      switch (function.toLowerCase(Locale.ROOT)) {
        case "gc":
          return new Unbound("gc", "the share of G and C in a sequence", GcFunction::new, STRING);
        case "revcomp":
          return new Unbound("revcomp", "the reverse complement of a sequence", RevCompFunction::new, STRING);
        case "kmers":
          return new Unbound("kmers", "how often each word of k letters is in a sequence", KmersFunction::new, STRING,
              DataTypes.IntegerType);
        case "score":
          return new Unbound("score", "the score of a sequence by the model of that name",
              () -> new ScoreFunction(models()), STRING, STRING);
        case "probabilities":
          return new Unbound("probabilities", "the probability of each class by the model of that name",
              () -> new ProbabilitiesFunction(models()), STRING, STRING);
        default:
      }
    }
    throw new NoSuchFunctionException(identifier);
  }

  private static BoundFunction of(ModelReference model) {
    return model.outputs() == 1 ? new ModelFunction(model) : new ModelScoresFunction(model);
  }

  private synchronized Models models() {
    Map<String, String> options = options();
    if (!options.equals(loaded)) {
      models = ModelFiles.load(SparkSession.active(), options, models);
      loaded = options;
    }
    return models;
  }

  /** A function before its arguments are known; what binding says of wrong ones becomes an AnalysisException. */
  private static final class Unbound implements UnboundFunction {
    private static final long serialVersionUID = 1;

    private final String name;
    private final String description;
    private final transient Supplier<BoundFunction> maker;
    private final DataType[] types;

    Unbound(String name, String description, Supplier<BoundFunction> maker, DataType... types) {
      this.name = name;
      this.description = description;
      this.maker = maker;
      this.types = types;
    }

    @Override
    public BoundFunction bind(StructType given) {
      boolean fits = given.length() == types.length;
      for (int i = 0; fits && i < types.length; i++) {
        DataType type = given.fields()[i].dataType();
        fits = type instanceof NullType
            || (types[i] instanceof StringType ? type instanceof StringType : SMALL.contains(type));
      }
      if (!fits) {
        throw new UnsupportedOperationException("expected " + name + texts(types) + ", not " + name + texts(
            Arrays.stream(given.fields()).map(field -> field.dataType()).toArray(DataType[]::new)));
      }
      try {
        return maker.get();
      } catch (IllegalArgumentException error) {
        throw new UnsupportedOperationException(error.getMessage(), error);
      }
    }

    private static String texts(DataType... types) {
      StringBuilder text = new StringBuilder("(");
      for (DataType type : types) {
        text.append(text.length() == 1 ? "" : ", ").append(type.sql());
      }
      return text.append(')').toString();
    }

    @Override
    public String description() {
      return description;
    }

    @Override
    public String name() {
      return name;
    }
  }
}

// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.Arrays;
import java.util.function.Predicate;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/** Columns that stages read and add. */
final class Columns {
  private Columns() {}

  static Param<String> param(Params stage, String name, String meaning, String standard) {
    Param<String> param = new Param<>(stage, name, meaning);
    stage.setDefault(param, standard);
    return param;
  }

  static void require(StructType schema, String name, String expected, Predicate<DataType> fits) {
    if (!Arrays.asList(schema.fieldNames()).contains(name)) {
      throw new IllegalArgumentException(
          "there is no column " + name + ": expected one of " + Arrays.toString(schema.fieldNames()));
    }
    DataType type = schema.apply(name).dataType();
    if (!fits.test(type)) {
      throw new IllegalArgumentException("the column " + name + " is of type " + type.sql() + ": expected " + expected);
    }
  }

  static boolean isText(DataType type) {
    return type instanceof StringType || type instanceof BinaryType;
  }

  /** The schema with these columns, of which one without a name is left out. */
  static StructType append(StructType schema, String[] names, DataType... types) {
    StructType all = schema;
    for (int i = 0; i < names.length; i++) {
      if (Arrays.asList(all.fieldNames()).contains(names[i])) {
        throw new IllegalArgumentException("there is a column " + names[i] + " already: expected another name");
      }
      all = names[i].isEmpty() ? all : all.add(names[i], types[i]);
    }
    return all;
  }
}

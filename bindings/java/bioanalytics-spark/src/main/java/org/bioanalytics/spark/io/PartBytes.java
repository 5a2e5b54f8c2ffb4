// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * The bytes of a part, as a reader takes them: from the first record that starts in it up to the first that starts
 * behind it. Of bgzf the blocks go on as they are; of the two that a record cuts, what belongs to the part goes on as
 * blocks of its own. A part of a BAM file gets its header, and so is one. Were a cut not at a record, the part before
 * it would end amid one, which is an error: no record is lost or read twice without a word.
 */
final class PartBytes implements Closeable {
  private static final int PIECE = 1 << 18;

  private final FSDataInputStream in;
  private final FilePart part;
  private final BamHead head; // of BAM
  private final Bgzf.Place first; // of bgzf
  private final Bgzf.Place last;
  private final long end;
  private long at;
  private boolean headDue;

  PartBytes(FSDataInputStream in, SequenceFormat format, FilePart part) throws IOException {
    this.in = in;
    this.part = part;
    head = format == SequenceFormat.BAM ? BamHead.read(in, part.fileLength) : null;
    if (part.cut == FilePart.Cut.BLOCKS) {
      first = placeInBlocks(format, part.from);
      last = placeInBlocks(format, part.to);
      at = first.block;
      end = last.block;
    } else {
      boolean whole = part.cut == FilePart.Cut.NOWHERE;
      first = last = null;
      at = whole ? 0 : placeInText(format, part.from);
      end = whole ? part.fileLength : placeInText(format, part.to);
      in.seek(at);
    }
    headDue = head != null && !isAtEnd();
  }

  /** The newline before a record's first byte tells that it starts there, so one byte more is looked at. */
  private long placeInText(SequenceFormat format, long from) throws IOException {
    if (from == 0 || from >= part.fileLength) {
      return Math.min(from, part.fileLength);
    }
    in.seek(from - 1);
    long start = format.recordStart(in, false);
    return start < 0 ? part.fileLength : from - 1 + start;
  }

  private Bgzf.Place placeInBlocks(SequenceFormat format, long from) throws IOException {
    long block = from == 0 ? 0 : Bgzf.nextBlock(in, from, part.fileLength);
    if (head != null && block <= head.end.block) {
      return head.end;
    }
    if (block == 0 || block == part.fileLength) {
      return new Bgzf.Place(block, 0);
    }
    Bgzf.Blocks blocks = new Bgzf.Blocks(in, block, part.fileLength);
    long start = head == null ? format.recordStart(blocks, false) : head.recordStart(blocks);
    return start < 0 ? new Bgzf.Place(part.fileLength, 0) : blocks.place(start);
  }

  private boolean isAtEnd() {
    return at > end || at == end && (last == null || last.within == (at == first.block ? first.within : 0));
  }

  /** The next bytes; null at the end. */
  byte[] next() throws IOException {
    if (headDue) {
      headDue = false;
      return Bgzf.deflate(head.bytes, 0, head.bytes.length);
    }
    if (isAtEnd()) {
      return null;
    }
    return part.cut == FilePart.Cut.BLOCKS ? nextBlock() : nextPiece();
  }

  private byte[] nextPiece() throws IOException {
    byte[] piece = new byte[(int) Math.min(PIECE, end - at)];
    in.readFully(piece);
    at += piece.length;
    return piece;
  }

  private byte[] nextBlock() throws IOException {
    byte[] block = Bgzf.read(in, at, part.fileLength);
    int from = at == first.block ? first.within : 0;
    boolean isLast = at == end;
    at += block.length;
    if (from == 0 && !isLast) {
      return block;
    }
    byte[] text = Bgzf.inflate(block, block.length);
    return Bgzf.deflate(text, from, isLast ? last.within : text.length);
  }

  /** What the bytes of a file say of where it may be cut. */
  static FilePart.Cut cutOf(InputStream in) throws IOException {
    byte[] head = in.readNBytes(Bgzf.HEAD);
    if (Bgzf.blockLength(head, 0, head.length) > 0) {
      return FilePart.Cut.BLOCKS;
    }
    boolean gzip = head.length >= 2 && (head[0] & 0xFF) == 0x1F && (head[1] & 0xFF) == 0x8B;
    return gzip ? FilePart.Cut.NOWHERE : FilePart.Cut.LINES;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

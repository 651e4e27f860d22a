#include "arrow_files.h"

#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>

#include "hies/base/error.h"

namespace hies::fuzz {

std::string parquet_of(const arrow::Table& table) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  check(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, 2, parquet::default_writer_properties(), properties)
            .ok(),
        "cannot write Parquet");
  return sink->Finish().ValueOrDie()->ToString();
}

}  // namespace hies::fuzz

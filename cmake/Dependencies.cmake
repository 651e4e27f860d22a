# Where every dependency comes from. Debian packages by find_package; torch and Arrow from pinned wheels in .venv.
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_package(JPEG REQUIRED)
find_library(SPNG_LIBRARY spng REQUIRED)
find_path(SPNG_INCLUDE_DIR spng.h REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive REQUIRED)

file(GLOB _site ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages)
set(HIES_SITE_PACKAGES "${_site}" CACHE PATH "folder that holds the torch, nvidia and pyarrow wheels")
set(HIES_TORCH_DIR "${HIES_SITE_PACKAGES}/torch" CACHE PATH "libtorch: the folder with include/ and lib/")
set(HIES_ARROW_DIR "${HIES_SITE_PACKAGES}/pyarrow" CACHE PATH "Arrow C++: the folder with include/ and libarrow.so.2600")

# torch: a CPU program links only these two (the CUDA half of the wheel is never loaded). Places are for this build only: an
# installed package finds them anew (hies-config.cmake.in).
add_library(hies_torch INTERFACE)
# Its headers come last: among them is another version of fmt.
target_compile_options(hies_torch INTERFACE
  "$<BUILD_INTERFACE:SHELL:-idirafter ${HIES_TORCH_DIR}/include -idirafter ${HIES_TORCH_DIR}/include/torch/csrc/api/include>")
target_link_directories(hies_torch INTERFACE $<BUILD_INTERFACE:${HIES_TORCH_DIR}/lib>)
target_link_libraries(hies_torch INTERFACE torch_cpu c10)
target_link_options(hies_torch INTERFACE
  $<BUILD_INTERFACE:-Wl,-rpath,${HIES_TORCH_DIR}/lib> $<BUILD_INTERFACE:-Wl,-rpath,${HIES_SITE_PACKAGES}/nvidia/cu13/lib>
  $<BUILD_INTERFACE:-Wl,--allow-shlib-undefined>)

add_library(hies_arrow INTERFACE)
target_include_directories(hies_arrow SYSTEM INTERFACE $<BUILD_INTERFACE:${HIES_ARROW_DIR}/include>)
target_link_libraries(hies_arrow INTERFACE
  $<BUILD_INTERFACE:${HIES_ARROW_DIR}/libarrow.so.2600> $<BUILD_INTERFACE:${HIES_ARROW_DIR}/libparquet.so.2600>)
target_link_options(hies_arrow INTERFACE $<BUILD_INTERFACE:-Wl,-rpath,${HIES_ARROW_DIR}>)

if(HIES_TESTS)
  find_package(GTest REQUIRED)
endif()

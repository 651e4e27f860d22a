# libhies_cuda.so, the plug-in with the kernels for NVIDIA GPUs. Off by default: nothing else needs it, and nothing links it. nvcc comes
# from wheels (tools/requirements-cuda.txt, `make cuda`) or is found on the PATH, its libraries beside it; it compiles for both kinds of GPUs
# without having one.
option(HIES_CUDA "build the CUDA plug-in" OFF)

set(HIES_CUDA_DIR ${PROJECT_BINARY_DIR}/cuda)
# Programs look for it where it is built, all that have the room that opens it; once installed beside them (cmake/Install.cmake).
set(HIES_CUDA_LINK_OPTIONS $<BUILD_INTERFACE:LINKER:-rpath,${HIES_CUDA_DIR}>)
if(NOT HIES_CUDA)
  return()
endif()

find_program(HIES_NVCC nvcc HINTS ${HIES_SITE_PACKAGES}/nvidia/cu13/bin NO_CACHE)
if(NOT HIES_NVCC)
  message(FATAL_ERROR "HIES_CUDA is on, but there is no nvcc: run `make cuda`, which installs it into .venv")
endif()
file(REAL_PATH ${HIES_NVCC} nvcc)
cmake_path(GET nvcc PARENT_PATH nvcc_dir)
find_library(HIES_CUDART NAMES libcudart.so.13 NO_CACHE REQUIRED
  HINTS ${HIES_SITE_PACKAGES}/nvidia/cu13/lib ${nvcc_dir}/../lib64 ${nvcc_dir}/../lib)
cmake_path(GET HIES_CUDART PARENT_PATH cudart_dir)

set(device_sources abi attention_fma_backward attention_fma_forward attention_hopper_forward attention_short_backward
  attention_tensor_backward attention_tensor_forward elementwise logits norm reductions)
set(device_dir ${PROJECT_SOURCE_DIR}/src/hies/kernels/cuda/device)
file(GLOB device_headers CONFIGURE_DEPENDS ${device_dir}/*.cuh)
set(nvcc_flags -std=c++20 -O3 -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90a,code=sm_90a
  -Xcompiler=-fPIC,-fvisibility=hidden,-Wall -I${PROJECT_SOURCE_DIR}/src -I${cudart_dir}/../include)
file(MAKE_DIRECTORY ${HIES_CUDA_DIR})
set(device_objects)
foreach(name IN LISTS device_sources)
  set(object ${HIES_CUDA_DIR}/${name}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${HIES_NVCC} ${nvcc_flags} -c ${device_dir}/${name}.cu -o ${object}
    DEPENDS ${device_dir}/${name}.cu ${device_headers} ${device_dir}/../hies_cuda.h
    COMMENT "Compiling ${name}.cu for sm_80 and sm_90a" VERBATIM)
  list(APPEND device_objects ${object})
endforeach()
set(plugin ${HIES_CUDA_DIR}/libhies_cuda.so)
add_custom_command(OUTPUT ${plugin}
  COMMAND ${HIES_NVCC} -shared -o ${plugin} ${device_objects} --cudart=none -L${cudart_dir} -Xlinker -l:libcudart.so.13
          -Xlinker -rpath=$ORIGIN -Xlinker -rpath=${cudart_dir}
  DEPENDS ${device_objects} COMMENT "Linking libhies_cuda.so" VERBATIM)
add_custom_target(hies_cuda ALL DEPENDS ${plugin})
include(GNUInstallDirs)
install(FILES ${plugin} DESTINATION ${CMAKE_INSTALL_BINDIR})

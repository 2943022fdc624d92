// The run-time compiler. Its functions are declared here as its public documentation gives them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "library.h"

namespace loupe {

class Nvrtc {
   public:
    // Opens the library at `path`; major and minor version.
    std::pair<int, int> open(const std::string& path) {
        library_.open(path);
        int major = 0, minor = 0;
        check(library_.find<int(int*, int*)>("nvrtcVersion")(&major, &minor), "nvrtcVersion");
        return {major, minor};
    }

    // Compute capabilities that it compiles for, as 75, 80, ...
    std::vector<int> architectures() const {
        int count = 0;
        check(library_.find<int(int*)>("nvrtcGetNumSupportedArchs")(&count),
              "nvrtcGetNumSupportedArchs");
        std::vector<int> found(count);
        if (count) {
            check(library_.find<int(int*)>("nvrtcGetSupportedArchs")(found.data()),
                  "nvrtcGetSupportedArchs");
        }
        return found;
    }

    // The binary (or PTX) and the log; throws with the log when the text does not compile.
    std::pair<std::string, std::string> compile(const std::string& source,
                                                const std::map<std::string, std::string>& headers,
                                                const std::vector<std::string>& options,
                                                bool ptx) const {
        const Program program(*this, source, headers);
        std::vector<const char*> arguments;
        for (const std::string& option : options) arguments.push_back(option.c_str());
        const int code = library_.find<int(void*, int, const char* const*)>("nvrtcCompileProgram")(
            program.handle, static_cast<int>(arguments.size()), arguments.data());
        const std::string log =
            text(program.handle, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
        if (code) throw std::runtime_error(describe(code, "nvrtcCompileProgram") + "\n" + log);
        const std::string image =
            ptx ? text(program.handle, "nvrtcGetPTXSize", "nvrtcGetPTX")
                : text(program.handle, "nvrtcGetCUBINSize", "nvrtcGetCUBIN");
        return {image, log};
    }

   private:
    struct Program {
        const Nvrtc& nvrtc;
        void* handle = nullptr;

        Program(const Nvrtc& owner, const std::string& source,
                const std::map<std::string, std::string>& headers)
            : nvrtc(owner) {
            std::vector<const char*> texts, names;
            for (const auto& header : headers) {
                names.push_back(header.first.c_str());
                texts.push_back(header.second.c_str());
            }
            using Create = int(void**, const char*, const char*, int, const char* const*,
                               const char* const*);
            nvrtc.check(nvrtc.library_.find<Create>("nvrtcCreateProgram")(
                            &handle, source.c_str(), "case.cu", static_cast<int>(texts.size()),
                            texts.data(), names.data()),
                        "nvrtcCreateProgram");
        }
        Program(const Program&) = delete;
        ~Program() { nvrtc.library_.find<int(void**)>("nvrtcDestroyProgram")(&handle); }
    };

    std::string text(void* program, const char* size_function, const char* function) const {
        std::size_t size = 0;
        check(library_.find<int(void*, std::size_t*)>(size_function)(program, &size),
              size_function);
        std::string result(size, '\0');
        if (size) check(library_.find<int(void*, char*)>(function)(program, &result[0]), function);
        return result;
    }

    std::string describe(int code, const char* function) const {
        return std::string(function) + ": " +
               library_.find<const char*(int)>("nvrtcGetErrorString")(code);
    }

    void check(int code, const char* function) const {
        if (code) throw std::runtime_error(describe(code, function));
    }

    Library library_;
};

}  // namespace loupe

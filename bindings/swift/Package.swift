// swift-tools-version: 6.0
// Run bindings/generate first: it builds the library and writes target/generated.
import PackageDescription

let package = Package(
    name: "Switchboard",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Switchboard", targets: ["Switchboard"])],
    targets: [
        // The library's C functions: a header and a module map.
        .systemLibrary(name: "SwitchboardFFI", path: "target/generated/SwitchboardFFI"),
        // The generated Swift (a link into target), with the types of its ids. UniFFI's code is for Swift 5 mode.
        .target(
            name: "SwitchboardCore",
            dependencies: ["SwitchboardFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        // What an app imports: the core, and its lists as streams.
        .target(name: "Switchboard", dependencies: ["SwitchboardCore"]),
        .testTarget(name: "SwitchboardTests", dependencies: ["Switchboard"]),
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 5.9
import PackageDescription

// The framework and Sources/AcdMobile/Generated are made by `cargo xtask mobile --package xcframework` on a Mac.
let package = Package(
    name: "AcdMobile",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "AcdMobile", targets: ["AcdMobile"])],
    targets: [
        .binaryTarget(name: "AcdMobileFFI", path: "AcdMobileFFI.xcframework"),
        .target(
            name: "AcdMobile",
            dependencies: ["AcdMobileFFI"],
            linkerSettings: [
                .linkedFramework("CoreFoundation"),
                .linkedFramework("Security"),
                .linkedFramework("SystemConfiguration"),
            ]
        ),
        .testTarget(name: "AcdMobileTests", dependencies: ["AcdMobile"]),
    ]
)
